import { placed, ValueError } from '../error/template-error.ts';
import { CallArguments } from '../value/call-arguments.ts';
import { ReturnSignal } from '../value/return-signal.ts';
import type { Awaitable, Value } from '../value/value.ts';
import { Activation, Frame, Output, Session } from './activation.ts';
import { chain, guarded } from './awaiting.ts';
import type { OutputSegment, RenderContext, RenderOptions } from './context.ts';
import { renderNativeBody } from './native.ts';
import { Scope } from './scope.ts';
import { executeAll } from './statement-executor.ts';
import type { Template } from './template.ts';

/** Arguments for a macro that JavaScript calls. */
export interface MacroArguments {
  readonly positional?: readonly Value[];
  readonly keyword?: Readonly<Record<string, Value>>;
}

/**
 * Renders without ever waiting. Throws a `TemplateError` with code `template_awaits` if a callable returns a promise, and
 * otherwise what {@link render} throws.
 */
export function renderSync(template: Template, context: RenderContext, options: RenderOptions = {}): string {
  return present(run(template, context, options, { isSync: true, isNative: false }, executeText));
}

/**
 * Renders; calls that return promises are awaited where they stand, one after the other. Rejects with a `TemplateError`,
 * or with the `MillraceError` that a callable threw (see `templatePlaceOf`).
 */
export async function render(
  template: Template,
  context: RenderContext,
  options: RenderOptions = {},
): Promise<string> {
  return run(template, context, options, { isSync: false, isNative: false }, executeText);
}

/**
 * The value of a template as dbt gives it to YAML: a template that is one expression gives the expression's value (with
 * the filters `as_bool`, `as_number`, `as_native` and `as_text`, and other text is not read as a number), any other
 * template gives its text.
 */
export function renderNativeSync(
  template: Template,
  context: RenderContext,
  options: RenderOptions = {},
): Value {
  return present(run(template, context, options, { isSync: true, isNative: true }, renderNativeBody));
}

/** Calls a macro (or any callable value) from JavaScript; gives what it returns, or its text. Never waits. */
export function callMacroSync(
  macro: Value,
  context: RenderContext,
  args: MacroArguments = {},
  options: RenderOptions = {},
): Value {
  return present(callFromOutside(macro, context, args, options, true));
}

/** {@link callMacroSync}, awaiting calls. */
export async function callMacro(
  macro: Value,
  context: RenderContext,
  args: MacroArguments = {},
  options: RenderOptions = {},
): Promise<Value> {
  return callFromOutside(macro, context, args, options, false);
}

function present<T>(result: Awaitable<T>): T {
  if (result instanceof Promise) throw new Error('a synchronous rendering cannot give a promise');
  return result;
}

function run<T>(
  template: Template,
  context: RenderContext,
  options: RenderOptions,
  mode: { readonly isSync: boolean; readonly isNative: boolean },
  execute: (template: Template, frame: Frame) => Awaitable<T>,
): Awaitable<T> {
  const activation = new Activation(new Session(context, options, mode.isSync, mode.isNative), template.file);
  const segments: OutputSegment[] | undefined = options.onSegments ? [] : undefined;
  const frame = new Frame(activation, new Scope(), new Output(segments));
  const result = guarded(
    () => execute(template, frame),
    (error) => {
      throw outermost(error, activation);
    },
  );
  return chain(result, (value) => {
    if (segments) options.onSegments?.(segments);
    return value;
  });
}

function executeText(template: Template, frame: Frame): Awaitable<string> {
  return chain(executeAll(template.body, frame), () => frame.output.toString());
}

function outermost(error: unknown, activation: Activation): unknown {
  const known = error instanceof ReturnSignal ? new ValueError('return() is for macros') : error;
  return placed(known, activation.place());
}

function callFromOutside(
  macro: Value,
  context: RenderContext,
  args: MacroArguments,
  options: RenderOptions,
  isSync: boolean,
): Awaitable<Value> {
  const file = macro instanceof Object && 'file' in macro && typeof macro.file === 'string' ? macro.file : '';
  const activation = new Activation(
    new Session(context, options, isSync, false),
    file,
    undefined,
    undefined,
    true,
  );
  const keyword = new Map(Object.entries(args.keyword ?? {}));
  return guarded(
    () => activation.call(macro, new CallArguments(args.positional ?? [], keyword, activation)),
    (error) => {
      throw outermost(error, activation);
    },
  );
}
