import { ConfigError, MillraceError, type ErrorDetail } from '../../../core/errors.ts';
import { formatOrigin, type Origin } from '../../../core/origin.ts';

/** One macro that was running: its name, and the place that called it. */
export interface MacroCall {
  readonly macro: string;
  readonly calledFrom: Origin;
}

export interface TemplatePlace {
  readonly origin: Origin;
  /** Innermost macro first. Empty outside of macros. */
  readonly macroCalls: readonly MacroCall[];
}

/**
 * A template that is wrong, or that failed while it was rendered. The message ends with the macros that were running.
 *
 * Codes: `template_syntax`, `template_unsupported`, `template_undefined`, `template_type`, `template_value`,
 * `template_limit`, `template_awaits` (a synchronous rendering met a call that must be awaited), `template_call` (a
 * callable threw something that is no {@link MillraceError}; see `cause`), or the code of a {@link ConfigError} that a
 * callable threw.
 */
export class TemplateError extends ConfigError {
  /** Message without the macro calls. */
  readonly summary: string;
  readonly macroCalls: readonly MacroCall[];

  constructor(summary: string, place: TemplatePlace, detail: Omit<ErrorDetail, 'origin'>) {
    super(summary + trailOf(place.macroCalls), { ...detail, origin: place.origin });
    this.summary = summary;
    this.macroCalls = place.macroCalls;
  }
}

/** The innermost macros and the outermost one; what lies between is counted. */
function trailOf(calls: readonly MacroCall[]): string {
  const lines = calls.map(
    (call) => `\n  in macro ${call.macro}, called from ${formatOrigin(call.calledFrom)}`,
  );
  const left = lines.length - shownMacroCalls;
  if (left > 1) lines.splice(shownMacroCalls - 1, left, `\n  ... ${left} macro calls more ...`);
  return lines.join('');
}

const shownMacroCalls = 10;

const placeOfForeignError = new WeakMap<object, TemplatePlace>();

/**
 * Where in the templates an error arose. Errors that say more than "the files are wrong" (a lost connection, a cancelled
 * run) leave a rendering as the objects that they are; this tells their place too.
 */
export function templatePlaceOf(error: unknown): TemplatePlace | undefined {
  if (error instanceof TemplateError && error.origin) {
    return { origin: error.origin, macroCalls: error.macroCalls };
  }
  return typeof error === 'object' && error !== null ? placeOfForeignError.get(error) : undefined;
}

/** What goes wrong inside of the value model, which does not know its place. */
export class ValueError extends Error {
  readonly code:
    | 'template_type'
    | 'template_value'
    | 'template_undefined'
    | 'template_limit'
    | 'template_awaits';

  constructor(message: string, code: ValueError['code'] = 'template_type') {
    super(message);
    this.name = 'ValueError';
    this.code = code;
  }
}

/**
 * Gives an error its place. The result is what has to be thrown: a {@link TemplateError} for wrong templates, for
 * configuration errors and for unknown errors (which become its cause), the same object for every other
 * {@link MillraceError}.
 */
export function placed(error: unknown, place: TemplatePlace): unknown {
  if (error instanceof TemplateError) return error;
  if (error instanceof ValueError) return new TemplateError(error.message, place, { code: error.code });
  if (error instanceof RangeError && error.message.includes('call stack')) {
    return new TemplateError('The template nests too deep (endless recursion?)', place, {
      code: 'template_limit',
    });
  }
  if (error instanceof ConfigError) {
    return new TemplateError(error.message, error.origin ? { ...place, origin: error.origin } : place, {
      code: error.code,
      ...(error.state === undefined ? {} : { state: error.state }),
      ...(error.next === undefined ? {} : { next: error.next }),
      cause: error,
    });
  }
  if (error instanceof MillraceError) {
    if (!placeOfForeignError.has(error)) placeOfForeignError.set(error, place);
    return error;
  }
  const message = error instanceof Error ? error.message : String(error);
  return new TemplateError(message, place, { code: 'template_call', cause: error });
}
