import type { TemplatePlace } from '../error/template-error.ts';
import { ValueError } from '../error/template-error.ts';
import type { Awaitable, TemplateFunction, Value } from './value.ts';

/** Where a call comes from. */
export interface CallSite {
  /** The call's file and line and the macros around it. */
  place(): TemplatePlace;
  /** A name as the calling template's context has it, without the template's own variables. */
  lookup(name: string): Value | undefined;
  /** A filter or a test by its name, the rendering's own ones first. The value comes as first positional argument. */
  filter(name: string): TemplateFunction | undefined;
  test(name: string): TemplateFunction | undefined;
  /** Calls any callable template value (a macro, a function, a dispatch result) as the calling template would. */
  call(callee: Value, args: CallArguments): Awaitable<Value>;
}

/** What a template passes to a callable. */
export class CallArguments {
  readonly positional: readonly Value[];
  readonly keyword: ReadonlyMap<string, Value>;
  readonly site: CallSite;

  constructor(positional: readonly Value[], keyword: ReadonlyMap<string, Value>, site: CallSite) {
    this.positional = positional;
    this.keyword = keyword;
    this.site = site;
  }

  /** The text of the block of `{% call f() %}`, rendered now; undefined for a call without a block. */
  renderCaller(...positional: readonly Value[]): Awaitable<Value> | undefined {
    const caller = this.keyword.get('caller');
    return caller === undefined ? undefined : this.site.call(caller, this.with(positional));
  }

  /** The argument at a position or of a name; undefined if neither was given. */
  get(position: number, name: string): Value | undefined {
    return this.positional[position] ?? (this.positional.length > position ? null : this.keyword.get(name));
  }

  /**
   * The arguments by parameter name, as Python binds them. A parameter whose name ends in `?` may be left out.
   * Throws for an argument that is missing, unknown, doubled, or too many; `caller` is let through.
   */
  bind(functionName: string, parameters: readonly string[]): Record<string, Value | undefined> {
    const names = parameters.map((parameter) => parameter.replace('?', ''));
    if (this.positional.length > names.length) {
      throw new ValueError(
        `${functionName}() takes at most ${names.length} arguments, ${this.positional.length} were given`,
      );
    }
    const bound: Record<string, Value | undefined> = Object.create(null);
    this.positional.forEach((value, index) => (bound[names[index] ?? ''] = value));
    for (const [name, value] of this.keyword) {
      if (name === 'caller' && !names.includes(name)) continue;
      if (!names.includes(name)) throw new ValueError(`${functionName}() has no argument '${name}'`);
      if (name in bound) throw new ValueError(`${functionName}() got two values for argument '${name}'`);
      bound[name] = value;
    }
    for (const parameter of parameters) {
      if (!parameter.endsWith('?') && !(parameter in bound)) {
        throw new ValueError(`${functionName}() needs the argument '${parameter}'`);
      }
    }
    return bound;
  }

  /** The same call with other arguments. */
  with(positional: readonly Value[], keyword: ReadonlyMap<string, Value> = new Map()): CallArguments {
    return new CallArguments(positional, keyword, this.site);
  }
}
