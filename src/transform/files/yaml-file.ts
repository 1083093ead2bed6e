import {
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLParseError,
} from 'yaml';
import type { z } from 'zod';
import { plainValue } from '../../config/yaml-file.ts';
import type { Origin } from '../../core/origin.ts';
import type { Mistakes } from './mistakes.ts';
import { pyYamlTags } from './yaml-tags.ts';

export type YamlPath = readonly PropertyKey[];

/** A YAML file as plain data that still knows where each part was written. */
export interface YamlFile {
  /** Path relative to the Millrace project folder. */
  readonly file: string;
  readonly text: string;
  readonly value: unknown;
  /** Where the value (or, for a map's entry, its key) at `path` stands. */
  locate(path: YamlPath): Origin;
}

/** A file that is no YAML at all has as many errors as lines; the first ones tell. */
const mostSyntaxErrors = 10;

/**
 * Parses by YAML 1.1 as dbt does (`yes` and `on` are booleans), but leaves dates as text.
 * Adds a `yaml_syntax` mistake for each syntax error and then gives undefined. A key that is said twice is a warning where dbt's
 * leniency is wanted.
 */
export function parseYamlFile(file: string, text: string, mistakes: Mistakes): YamlFile | undefined {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: '1.1',
    customTags: pyYamlTags,
    lineCounter: lines,
    prettyErrors: false,
    keepSourceTokens: false,
  });
  const originAt = (offset: number): Origin => {
    const { line, col } = lines.linePos(offset);
    return { file, line, column: col };
  };
  const isTolerable = ({ code }: YAMLParseError): boolean => mistakes.isTolerant && code === 'DUPLICATE_KEY';
  for (const { message, pos } of document.errors.filter(isTolerable)) {
    mistakes.warnings.push({
      message: `${message}: what was said last counts`,
      origin: originAt(pos[0]),
    });
  }
  const errors = document.errors.filter((error) => !isTolerable(error));
  for (const error of errors.slice(0, mostSyntaxErrors)) {
    mistakes.add(`not valid YAML: ${error.message}`, {
      code: 'yaml_syntax',
      origin: originAt(error.pos[0]),
    });
  }
  let areAliasesKnown = true;
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document)) return;
      areAliasesKnown = false;
      mistakes.add(`there is no &${alias.source} before *${alias.source}`, {
        code: 'yaml_syntax',
        origin: originAt(alias.range?.[0] ?? 0),
      });
    },
  });
  if (errors.length > 0 || !areAliasesKnown) return undefined;
  return {
    file,
    text,
    value: plainValue(document, file),
    locate: (path) => {
      const offset = offsetOf(document.contents, path);
      return offset === undefined ? { file } : originAt(offset);
    },
  };
}

/** The value in `schema`'s shape, or undefined with a `yaml_shape` mistake for each wrong place. */
export function shapeYaml<T>(
  yaml: YamlFile,
  value: unknown,
  schema: z.ZodType<T>,
  mistakes: Mistakes,
  under: YamlPath = [],
): T | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) report(yaml, issue, under, mistakes);
  return undefined;
}

/** `value` without the keys that `schema` does not know; each is a warning. */
export function withoutUnknownKeys(
  yaml: YamlFile,
  value: unknown,
  schema: z.ZodType,
  mistakes: Mistakes,
): unknown {
  const unknown = (schema.safeParse(value).error?.issues ?? []).filter(
    (issue) => issue.code === 'unrecognized_keys',
  );
  if (unknown.length === 0) return value;
  const copy: unknown = structuredClone(value);
  for (const issue of unknown) {
    const holder = issue.path.reduce<unknown>(
      (at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part],
      copy,
    ) as Record<string, unknown>;
    for (const key of issue.keys) {
      delete holder[key];
      mistakes.warnings.push({
        message: `${messageOf(issue, key)}: it is without effect`,
        origin: yaml.locate([...issue.path, key]),
      });
    }
  }
  return copy;
}

function messageOf(issue: z.core.$ZodIssueUnrecognizedKeys, key: string): string {
  const [message = ''] = issue.message.split('\n').filter((line) => line.includes(`"${key}"`));
  return message || `unknown key "${key}"`;
}

function report(yaml: YamlFile, issue: z.core.$ZodIssue, under: YamlPath, mistakes: Mistakes): void {
  const path = [...under, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      mistakes.add(messageOf(issue, key), {
        code: 'unknown_key',
        origin: yaml.locate([...path, key]),
      });
    }
    return;
  }
  const place = path.length === 0 ? 'the file' : `"${path.map(String).join('.')}"`;
  mistakes.add(`${place}: ${issue.message}`, {
    code: issue.message.includes('not yet supported') ? 'not_yet_supported' : 'yaml_shape',
    origin: yaml.locate(path),
  });
}

/** Offset of the deepest part of `path` that exists; for map entries, of the key. */
function offsetOf(root: Node | null, path: YamlPath): number | undefined {
  let node: unknown = root;
  let offset = root?.range?.[0];
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (!pair || !isScalar(pair.key)) return offset;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else {
      const items: unknown =
        typeof node === 'object' && node !== null && 'items' in node ? node.items : undefined;
      const item: unknown = Array.isArray(items) ? items[Number(part)] : undefined;
      if (item === undefined) return offset;
      node = item;
      offset = rangeStart(item) ?? offset;
    }
  }
  return offset;
}

function rangeStart(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined;
  const range: unknown = node.range;
  return Array.isArray(range) && typeof range[0] === 'number' ? range[0] : undefined;
}
