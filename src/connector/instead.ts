/**
 * `original` with some members replaced; all others are asked of `original` itself, so that it may be of any
 * making and have members that nobody here knows.
 */
export function instead<Shape extends object>(original: Shape, replaced: Partial<Shape>): Shape {
  // Not a proxy of the original itself: what is frozen there could not be replaced.
  return new Proxy(Object.create(original) as Shape, {
    get: (_, name) => {
      if (name in replaced) return Reflect.get(replaced, name);
      const value: unknown = Reflect.get(original, name, original);
      return typeof value === 'function' ? (value.bind(original) as unknown) : value;
    },
  });
}
