import type { TemplateFunction, Value } from '../value/value.ts';

/**
 * What a rendering sees beside its own variables, asked for by name when a template needs it, so that macros of any
 * number of packages cost nothing until they are called. A macro asks the context of whoever called it, as dbt's do.
 */
export interface RenderContext {
  /** `undefined` where there is nothing of that name; the language's own globals (`range`, `return`, …) are next. */
  lookup(name: string): Value | undefined;
  /** Names for `context.keys()`, where they are known. */
  names?(): Iterable<string>;
}

/** A stretch of output and the template line that made it. */
export interface OutputSegment {
  /** Character offset in the output, from 0. */
  readonly start: number;
  readonly end: number;
  readonly line: number;
  /** Whether it is the template's own text, whose lines count on, and not what an expression gave. */
  readonly isText: boolean;
}

export interface RenderOptions {
  /** Filters beside, or in place of, the built-in ones. They get the filtered value as first positional argument. */
  readonly filters?: ReadonlyMap<string, TemplateFunction>;
  /** Tests beside, or in place of, the built-in ones. */
  readonly tests?: ReadonlyMap<string, TemplateFunction>;
  /** Attributes, items and calls of undefined names give an undefined value again: what dbt does while it parses. */
  readonly lenientUndefined?: boolean;
  /** Told, after a successful rendering, which template line made which output. */
  readonly onSegments?: (segments: readonly OutputSegment[]) => void;
}

/** A context of fixed values. Further contexts are asked in order when a name is missing. */
export function contextOf(
  values: ReadonlyMap<string, Value> | Readonly<Record<string, Value>>,
  ...next: readonly RenderContext[]
): RenderContext {
  const own = values instanceof Map ? values : new Map(Object.entries(values));
  return {
    lookup(name) {
      const value = own.get(name);
      if (value !== undefined) return value;
      for (const context of next) {
        const found = context.lookup(name);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    *names() {
      yield* own.keys();
      for (const context of next) yield* context.names?.() ?? [];
    },
  };
}
