import type { CallArguments } from './call-arguments.ts';
import type { TemplateFunction, Value } from './value.ts';

/** A function under a name that messages and printing show. */
export function methodValue(
  name: string,
  call: (args: CallArguments) => Value | void | PromiseLike<Value | void>,
): TemplateFunction {
  const method: TemplateFunction = (args) => call(args);
  Object.defineProperty(method, 'name', { value: name });
  return method;
}

/** A method of one of Python's own types: the value it is called on comes first. */
export type Method<T> = (self: T, args: CallArguments) => Value;
