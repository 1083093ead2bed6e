import { placed, ValueError } from '../error/template-error.ts';
import type { Routine, Statement } from '../syntax/ast.ts';
import type { CallArguments } from '../value/call-arguments.ts';
import { Dict } from '../value/mapping.ts';
import { ReturnSignal } from '../value/return-signal.ts';
import { orElse, Tuple, type Awaitable, type TemplateObject, type Value } from '../value/value.ts';
import { Activation, Frame, Output } from './activation.ts';
import { chain, guarded, inOrder } from './awaiting.ts';
import { evaluate } from './expression-evaluator.ts';
import { Scope } from './scope.ts';

export type BodyRunner = (body: readonly Statement[], frame: Frame) => Awaitable<unknown>;

/** What a macro is made of. */
export interface MacroTraits {
  readonly name: string;
  readonly file: string;
  readonly routine: Routine;
  /** The variables around it; without them it sees only the context of whoever calls it. */
  readonly scope: Scope | undefined;
  readonly run: BodyRunner;
}

/**
 * A macro, or the block of a call tag. Called, it gives what `return()` was given, else its text. Its names are looked up
 * in the context of the rendering that calls it.
 */
export class Macro implements TemplateObject {
  readonly name: string;
  readonly file: string;
  readonly #traits: MacroTraits;

  constructor(traits: MacroTraits) {
    this.name = traits.name;
    this.file = traits.file;
    this.#traits = traits;
  }

  jinjaCall(args: CallArguments): Awaitable<Value> {
    const { site } = args;
    if (!(site instanceof Activation)) throw new ValueError('A macro is called by a rendering');
    const { routine, run, scope } = this.#traits;
    const activation = new Activation(site.session, this.file, this.name, site);
    const frame = new Frame(activation, new Scope(scope), new Output());
    const missing = this.#bind(args, frame);
    return guarded(
      () =>
        chain(this.#fillIn(missing, frame), () =>
          chain(run(routine.body, frame), (): Value => frame.output.toString()),
        ),
      (error) => this.#caught(error, activation),
    );
  }

  #caught(error: unknown, activation: Activation): Value {
    if (error instanceof ReturnSignal) {
      if (this.name !== callerName) return error.value;
      throw error;
    }
    throw placed(error, activation.place());
  }

  /** Puts the given arguments into the frame; gives the parameters that got none. */
  #bind(args: CallArguments, frame: Frame): Routine['parameters'] {
    const { parameters, usesVarargs, usesKwargs, usesCaller } = this.#traits.routine;
    const { positional, keyword } = args;
    const extra = new Map(keyword);
    const missing = parameters.filter((parameter, index) => {
      const value = orElse(positional[index], () => keyword.get(parameter.name));
      if (index < positional.length && keyword.has(parameter.name)) {
        throw new ValueError(`The macro '${this.name}' got two values for '${parameter.name}'`);
      }
      extra.delete(parameter.name);
      if (value !== undefined) frame.scope.set(parameter.name, value);
      return value === undefined;
    });
    const isParameter = parameters.some((parameter) => parameter.name === callerName);
    if (usesCaller && !isParameter) {
      const caller = extra.get(callerName);
      if (caller !== undefined) frame.scope.set(callerName, caller);
      else if (this.name !== callerName) {
        const hint = `The macro '${this.name}' was not called by a call block`;
        frame.scope.set(callerName, frame.activation.session.undefinedValue(hint));
      }
      extra.delete(callerName);
    }
    const names = new Set(parameters.map((parameter) => parameter.name));
    if (usesKwargs && !names.has('kwargs')) frame.scope.set('kwargs', new Dict(extra));
    else this.#refuseKeywords(extra);
    if (usesVarargs && !names.has('varargs')) {
      frame.scope.set('varargs', new Tuple(positional.slice(parameters.length)));
    } else if (positional.length > parameters.length) {
      throw new ValueError(
        `The macro '${this.name}' takes at most ${parameters.length} arguments, ${positional.length} were given`,
      );
    }
    return missing;
  }

  #refuseKeywords(extra: ReadonlyMap<string, Value>): void {
    const [name] = extra.keys();
    if (name === undefined) return;
    if (name === callerName) {
      throw new ValueError(`The macro '${this.name}' takes no call block: it does not use 'caller'`);
    }
    throw new ValueError(`The macro '${this.name}' has no argument '${name}'`);
  }

  /** Defaults of the missing parameters, in order: a default may use the arguments before it. */
  #fillIn(missing: Routine['parameters'], frame: Frame): Awaitable<undefined> {
    return inOrder(missing, (parameter): Awaitable<undefined> => {
      if (parameter.fallback) {
        return chain(evaluate(parameter.fallback, frame), (value) => {
          frame.scope.set(parameter.name, value);
          return undefined;
        });
      }
      const hint = `The argument '${parameter.name}' of the macro '${this.name}' was not given`;
      frame.scope.set(parameter.name, frame.activation.session.undefinedValue(hint));
      return undefined;
    });
  }

  jinjaAttribute(name: string): Value | undefined {
    const { parameters, usesCaller, usesKwargs, usesVarargs } = this.#traits.routine;
    switch (name) {
      case 'name':
        return this.name;
      case 'arguments':
        return new Tuple(parameters.map((parameter) => parameter.name));
      case 'catch_kwargs':
        return usesKwargs;
      case 'catch_varargs':
        return usesVarargs;
      case 'caller':
        return usesCaller;
      default:
        return undefined;
    }
  }

  toString(): string {
    return `<Macro '${this.name}'>`;
  }
}

/** The name under which a call block runs, and by which macros know it. */
export const callerName = 'caller';
