import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type Node,
  type Pair,
  visit,
  type YAMLParseError,
} from 'yaml';
import type { z } from 'zod';
import { ConfigError, ProjectError } from '../core/errors.ts';
import type { Origin } from '../core/origin.ts';
import { readableIssue } from './readable-issue.ts';
import { schemaKeys } from './schema-keys.ts';
import { nearest } from '../core/near-name.ts';
import { parseLeniently, type UnknownKey } from './unknown-keys.ts';

export type YamlPath = readonly (string | number)[];

/** A YAML file whose content fits its schema, and which still knows where everything was written. */
export interface YamlFile<T> {
  readonly value: T;
  /** Unknown keys that were left out of it; none unless the reader allows it. */
  readonly ignored: readonly (UnknownKey & { readonly origin: Origin })[];
  /** Place of a key's value or list item; of the nearest parent when the path is not in the file. */
  originOf(path: YamlPath): Origin;
  /** Place of the key itself instead of its value. */
  originOfKey(path: YamlPath): Origin;
}

/**
 * Reads strict YAML: duplicate keys, unknown keys and wrong types are errors.
 * @param file path as messages should show it
 * @param mayIgnore whether an unknown key may be left out instead
 * @throws ProjectError holding every mistake found, each with its line
 */
export function readYaml<T>(
  text: string,
  file: string,
  schema: z.ZodType<T>,
  mayIgnore: (path: YamlPath) => boolean = () => false,
): YamlFile<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new ProjectError(
      document.errors.slice(0, mostSyntaxErrors).map((error) => {
        const place = lines.linePos(error.pos[0]);
        return new ConfigError(readableSyntaxError(error), {
          code: 'yaml_syntax',
          origin: { file, line: place.line, column: place.col },
        });
      }),
    );
  }

  const origins: YamlOrigins = { file, lines, document };
  refusePrototypeKeys(origins);
  const { parsed, ignored } = parseLeniently(schema, plainValue(document, file) ?? {}, mayIgnore);
  if (!parsed.success)
    throw new ProjectError(parsed.error.issues.flatMap((issue) => describe(issue, origins, schema)));
  return {
    value: parsed.data,
    ignored: ignored.map((key) => ({ ...key, origin: originAt(origins, key.path, 'key') })),
    originOf: (path) => originAt(origins, path, 'value'),
    originOfKey: (path) => originAt(origins, path, 'key'),
  };
}

/** A file that is no YAML at all has as many errors as lines; the first ones tell. */
const mostSyntaxErrors = 10;

/** JavaScript objects cannot hold a key of this name: what is under it would be lost in silence. */
function refusePrototypeKeys(origins: YamlOrigins): void {
  visit(origins.document, {
    Pair: (_, { key }) => {
      if (!isScalar(key) || key.value !== '__proto__') return;
      const place = origins.lines.linePos(rangeOf(key) ?? 0);
      throw new ProjectError([
        new ConfigError("the name '__proto__' cannot be used", {
          code: 'unknown_key',
          origin: { file: origins.file, line: place.line, column: place.col },
        }),
      ]);
    },
  });
}

/** @throws ProjectError for aliases that unfold into far more than was written */
export function plainValue(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new ProjectError([
      new ConfigError('its aliases (*name) unfold into too much', {
        code: 'yaml_aliases',
        origin: { file },
        next: 'Write the values out, or use fewer aliases',
      }),
    ]);
  }
}

function readableSyntaxError(error: YAMLParseError): string {
  if (error.code === 'MULTIPLE_DOCS') return 'a second document begins here; a file holds one';
  if (error.message.startsWith('Maximum call stack')) return 'this is nested too deeply';
  return firstLine(error.message);
}

interface YamlOrigins {
  readonly file: string;
  readonly lines: LineCounter;
  readonly document: Document;
}

function describe(issue: z.core.$ZodIssue, origins: YamlOrigins, schema: z.ZodType): ConfigError[] {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const known = schemaKeys(schema, path);
    return issue.keys.map((key) => {
      const near = nearest(key, known);
      const hint = near
        ? `, did you mean '${near}'?`
        : known.length > 0
          ? `; known keys: ${known.join(', ')}`
          : '';
      return new ConfigError(`unknown key '${key}'${hint}`, {
        code: 'unknown_key',
        origin: originAt(origins, [...path, key], 'key'),
      });
    });
  }
  const isMissing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  const message = isMissing
    ? `'${path.join('.')}' is missing`
    : `${path.length > 0 ? `'${path.join('.')}': ` : ''}${readableIssue(issue)}`;
  return [
    new ConfigError(message, {
      code: 'invalid_value',
      origin: originAt(origins, path, 'value'),
    }),
  ];
}

function originAt(origins: YamlOrigins, path: YamlPath, part: 'key' | 'value'): Origin {
  let node: unknown = origins.document.contents;
  let range = rangeOf(node);
  for (const [index, step] of path.entries()) {
    const found = isMap(node)
      ? node.items.find((pair: Pair) => isScalar(pair.key) && String(pair.key.value) === String(step))
      : undefined;
    const item = isSeq(node) && typeof step === 'number' ? node.items[step] : undefined;
    const last = index === path.length - 1;
    const next = found ? found.value : item;
    const place = found && (last ? part === 'key' : false) ? found.key : (next ?? found?.key);
    range = rangeOf(place) ?? rangeOf(found?.key) ?? range;
    if (next === undefined || next === null) break;
    node = next;
  }
  if (range === undefined) return { file: origins.file, line: 1 };
  const place = origins.lines.linePos(range);
  return { file: origins.file, line: place.line, column: place.col };
}

function rangeOf(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0];
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '') ?? text;
}
