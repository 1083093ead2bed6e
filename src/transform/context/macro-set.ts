import { createHash } from 'node:crypto';
import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';
import { didYouMean } from '../files/suggestion.ts';
import { printed, type TemplateFunction, type Value } from '../jinja/index.ts';

/** A macro of the project. */
export interface ProjectMacro {
  /** A callable template value. */
  readonly value: Value;
  /** Text of the macro, for fingerprints. */
  readonly text: string;
  readonly origin: Origin;
}

/** Macros by name: the project's own, and dbt's built-in ones behind them. */
export interface MacroSet {
  readonly own: ReadonlyMap<string, ProjectMacro>;
  readonly builtin: ReadonlyMap<string, Value>;
}

export function findMacro(macros: MacroSet, name: string): Value | undefined {
  return macros.own.get(name)?.value ?? macros.builtin.get(name);
}

/** `adapter.dispatch(name)`: the macro for this database, else the default one, else dbt's own. */
export function dispatchFunction(macros: MacroSet, adapterType: string): TemplateFunction {
  return (args) => {
    const { macro_name: given } = args.bind('dispatch', ['macro_name', 'macro_namespace?', 'packages?']);
    const name = printed(given ?? null);
    const candidates = [`${adapterType}__${name}`, `default__${name}`];
    const found = candidates
      .map((candidate) => findMacro(macros, candidate))
      .find((macro) => macro !== undefined);
    const macro = found ?? macros.builtin.get(name);
    if (macro !== undefined) return macro;
    throw new ConfigError(
      `no macro for adapter.dispatch("${name}"): tried ${candidates.join(', ')}${didYouMean(name, macros.own.keys())}`,
      {
        code: 'macro_missing',
        next: 'Define one of these under macros/. Macros of packages are not yet supported.',
      },
    );
  };
}

/**
 * Hash of `text` and of every macro that it may call, whatever the path. Names are compared as words, so a word that
 * only looks like a macro's name counts too: the fingerprint may change for nothing, but never stays by mistake.
 */
export function fingerprint(text: string, macros: MacroSet): string {
  const used = new Set<string>();
  const waiting = [text];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const [word] of next.matchAll(/[A-Za-z_]\w*/g)) {
      for (const name of [word, `default__${word}`, `duckdb__${word}`, `postgres__${word}`]) {
        const macro = macros.own.get(name);
        if (!macro || used.has(name)) continue;
        used.add(name);
        waiting.push(macro.text);
      }
    }
  }
  const hash = createHash('sha256').update(text);
  for (const name of [...used].sort()) hash.update(`\0${name}\0${macros.own.get(name)?.text ?? ''}`);
  return hash.digest('hex');
}
