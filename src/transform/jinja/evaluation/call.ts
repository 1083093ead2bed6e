import { ValueError } from '../error/template-error.ts';
import type { CallArguments } from '../value/call-arguments.ts';
import { typeName } from '../value/printing.ts';
import {
  templateObject,
  Undefined,
  type Awaitable,
  type TemplateFunction,
  type Value,
} from '../value/value.ts';

function isPromiseLike(value: unknown): value is PromiseLike<Value | void> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/**
 * Takes what a callable returned: nothing is None, a promise becomes a native one. A promise throws if the rendering is
 * synchronous.
 */
export function settled(result: Value | void | PromiseLike<Value | void>, isSync: boolean): Awaitable<Value> {
  if (result === undefined) return null;
  if (!isPromiseLike(result)) return result;
  const promise = Promise.resolve(result).then((value) => value ?? null);
  if (!isSync) return promise;
  promise.catch(() => undefined);
  throw new ValueError(
    'This call has to be awaited, which cannot be done while the project is parsed; guard it by `if execute`',
    'template_awaits',
  );
}

/** Calls a function, a macro, or any object that can be called. */
export function callValue(callee: Value, args: CallArguments, isSync: boolean): Awaitable<Value> {
  if (typeof callee === 'function') return settled((callee as TemplateFunction)(args), isSync);
  if (callee instanceof Undefined) {
    if (callee.lenient) return callee;
    throw new ValueError(callee.hint, 'template_undefined');
  }
  const call = typeof callee === 'object' && callee !== null ? templateObject(callee).jinjaCall : undefined;
  if (!call || callee === null)
    throw new ValueError(`A value of type '${typeName(callee)}' cannot be called`);
  return settled(call.call(callee, args), isSync);
}
