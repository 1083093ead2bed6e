import type { Awaitable } from '../value/value.ts';

/** Goes on with a value now, or when its promise is kept. */
export function chain<T, U>(value: Awaitable<T>, proceed: (value: T) => Awaitable<U>): Awaitable<U> {
  return value instanceof Promise ? value.then(proceed) : proceed(value);
}

/** Runs the steps one after the other; synchronous as long as they are. Stops early at a step that gives a value. */
export function inOrder<T, R>(
  items: readonly T[],
  step: (item: T, index: number) => Awaitable<R | undefined>,
): Awaitable<R | undefined> {
  for (const [index, item] of items.entries()) {
    const result = step(item, index);
    if (result instanceof Promise) return resumed(result, items, index + 1, step);
    if (result !== undefined) return result;
  }
  return undefined;
}

async function resumed<T, R>(
  pending: Promise<R | undefined>,
  items: readonly T[],
  from: number,
  step: (item: T, index: number) => Awaitable<R | undefined>,
): Promise<R | undefined> {
  let result = await pending;
  for (let index = from; result === undefined && index < items.length; index += 1) {
    result = await step(items[index] as T, index);
  }
  return result;
}

/** Results of the steps in order. */
export function collected<T, U>(
  items: readonly T[],
  step: (item: T, index: number) => Awaitable<U>,
): Awaitable<U[]> {
  const results: U[] = [];
  const done = inOrder<T, never>(items, (item, index) =>
    chain(step(item, index), (result) => {
      results.push(result);
      return undefined;
    }),
  );
  return chain(done, () => results);
}

/** Catches what is thrown now as well as what a promise is rejected with. */
export function guarded<T>(run: () => Awaitable<T>, onError: (error: unknown) => T): Awaitable<T> {
  try {
    const result = run();
    return result instanceof Promise ? result.catch(onError) : result;
  } catch (error) {
    return onError(error);
  }
}
