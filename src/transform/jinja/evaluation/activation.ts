import { ValueError, type MacroCall, type TemplatePlace } from '../error/template-error.ts';
import { builtinFilters } from '../library/filter-table.ts';
import { builtinGlobals } from '../library/global-table.ts';
import { nativeFilters } from '../library/native-filters.ts';
import { builtinTests } from '../library/test-table.ts';
import type { Place } from '../syntax/ast.ts';
import type { CallArguments, CallSite } from '../value/call-arguments.ts';
import { printed } from '../value/printing.ts';
import { orElse, Undefined, type Awaitable, type TemplateFunction, type Value } from '../value/value.ts';
import { callValue } from './call.ts';
import { ContextObject } from './context-object.ts';
import type { OutputSegment, RenderContext, RenderOptions } from './context.ts';
import { Scope } from './scope.ts';

/** How deep macros may call one another before it counts as endless, well below the host's stack. */
const maximumMacroDepth = 250;

/** One rendering: what all its templates and macros share. */
export class Session {
  readonly context: RenderContext;
  readonly options: RenderOptions;
  readonly isSync: boolean;
  /** Whether the value is wanted, not the text: gives `as_bool` and its like their meaning. */
  readonly isNative: boolean;
  readonly contextObject: ContextObject;

  constructor(context: RenderContext, options: RenderOptions, isSync: boolean, isNative: boolean) {
    this.context = context;
    this.options = options;
    this.isSync = isSync;
    this.isNative = isNative;
    this.contextObject = new ContextObject(context);
  }

  lookup(name: string): Value | undefined {
    const value = orElse(this.contextObject.lookup(name), () => builtinGlobals.get(name));
    return value === undefined && name === 'context' ? this.contextObject : value;
  }

  undefinedValue(hint: string): Undefined {
    return new Undefined(hint, this.options.lenientUndefined ?? false);
  }
}

/** One running template, macro or call block: where it is, and who called it. */
export class Activation implements CallSite {
  readonly session: Session;
  readonly file: string;
  readonly macro: string | undefined;
  readonly caller: Activation | undefined;
  readonly #depth: number;
  /** Whether this stands for JavaScript that calls a macro; it is no place in a template. */
  readonly isHost: boolean;
  /** The node that is being evaluated; told by the evaluator before anything that may fail. */
  current: Place = { line: 1, column: 1 };

  constructor(session: Session, file: string, macro?: string, caller?: Activation, isHost = false) {
    this.isHost = isHost;
    this.session = session;
    this.file = file;
    this.macro = macro;
    this.caller = caller;
    this.#depth = caller ? caller.#depth + 1 : 0;
    if (this.#depth > maximumMacroDepth) {
      throw new ValueError(`Macros call one another more than ${maximumMacroDepth} deep`, 'template_limit');
    }
  }

  place(): TemplatePlace {
    const { line, column } = this.current;
    return { origin: { file: this.file, line, column }, macroCalls: this.#macroCalls() };
  }

  #macroCalls(): MacroCall[] {
    const { caller } = this;
    if (!caller || caller.isHost) return [];
    const { line, column } = caller.current;
    const calledFrom = { file: caller.file, line, column };
    return [{ macro: this.macro ?? '', calledFrom }, ...caller.#macroCalls()];
  }

  lookup(name: string): Value | undefined {
    return this.session.lookup(name);
  }

  filter(name: string): TemplateFunction | undefined {
    const { options, isNative } = this.session;
    return (
      options.filters?.get(name) ??
      (isNative ? nativeFilters.get(name) : undefined) ??
      builtinFilters.get(name)
    );
  }

  test(name: string): TemplateFunction | undefined {
    return this.session.options.tests?.get(name) ?? builtinTests.get(name);
  }

  call(callee: Value, args: CallArguments): Awaitable<Value> {
    return callValue(callee, args, this.session.isSync);
  }
}

/** Where statements run: their variables, and what they print to. */
export class Frame {
  readonly activation: Activation;
  readonly scope: Scope;
  readonly output: Output;

  constructor(activation: Activation, scope: Scope, output: Output) {
    this.activation = activation;
    this.scope = scope;
    this.output = output;
  }

  /** The same output with variables of its own. */
  inner(): Frame {
    return new Frame(this.activation, new Scope(this.scope), this.output);
  }

  /** Variables and output of its own. */
  captured(): Frame {
    return new Frame(this.activation, new Scope(this.scope), new Output());
  }
}

/** Text as it is printed, the lines it comes from and the values that were printed where somebody asked for them. */
export class Output {
  #text = '';
  readonly #segments: OutputSegment[] | undefined;
  readonly #values: Value[] | undefined;

  constructor(segments?: OutputSegment[], values?: Value[]) {
    this.#segments = segments;
    this.#values = values;
  }

  /** Prints the value of an expression. */
  writeValue(value: Value, line: number): void {
    if (this.#values) {
      this.#values.push(value);
      this.#text += printed(value);
    } else {
      this.write(printed(value), line, false);
    }
  }

  /** Prints the template's own text, or with `isText` false what a block gave. */
  write(text: string, line: number, isText: boolean = true): void {
    if (this.#segments && text !== '') {
      this.#segments.push({ start: this.#text.length, end: this.#text.length + text.length, line, isText });
    }
    if (this.#values && text !== '') this.#values.push(text);
    this.#text += text;
  }

  toString(): string {
    return this.#text;
  }
}
