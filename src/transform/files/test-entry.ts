import { isJsonRecord } from './plain-value.ts';
import type { Mistakes } from './mistakes.ts';
import { didYouMean } from './suggestion.ts';
import type { YamlFile, YamlPath } from './yaml-file.ts';

/** One use of a generic test under a model, seed, source table or column. */
export interface TestEntry {
  /** Such as `not_null`. */
  readonly test: string;
  /** The name the user gave it. */
  readonly name: string | undefined;
  readonly description: string;
  /** What the test is called with, `column_name` included for a column's test. */
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly config: Readonly<Record<string, unknown>>;
  readonly path: YamlPath;
}

/** Configuration that may stand beside the arguments, or, as dbt takes it, among them. */
const configKeys = new Set([
  'severity',
  'where',
  'limit',
  'fail_calc',
  'warn_if',
  'error_if',
  'store_failures',
  'store_failures_as',
  'tags',
  'enabled',
  'meta',
  'alias',
  'schema',
  'database',
  'group',
]);

const builtinArguments: Readonly<Record<string, readonly string[]>> = {
  unique: [],
  not_null: [],
  accepted_values: ['values', 'quote'],
  relationships: ['to', 'field'],
};

/** Reads a `tests:` list: plain names, `name: {arguments}`, and both ways of nesting. */
export function readTestEntries(
  yaml: YamlFile,
  entries: readonly unknown[],
  under: YamlPath,
  columnName: string | undefined,
  mistakes: Mistakes,
): readonly TestEntry[] {
  return entries.flatMap((entry, index) => {
    const path = [...under, index];
    const found = readTestEntry(entry, path, columnName, (message, at) =>
      mistakes.add(message, { code: 'test_invalid', origin: yaml.locate(at) }),
    );
    return found ? [found] : [];
  });
}

type Report = (message: string, path: YamlPath) => void;

function readTestEntry(
  entry: unknown,
  path: YamlPath,
  columnName: string | undefined,
  report: Report,
): TestEntry | undefined {
  const outer = typeof entry === 'string' ? { [entry]: {} } : entry;
  if (!isJsonRecord(outer)) {
    report('a test is a name, or a name with its arguments', path);
    return undefined;
  }
  const { test, body, bodyPath } = splitEntry(outer, path);
  if (test === undefined || !isJsonRecord(body)) {
    report('a test is one name with its arguments beneath it', path);
    return undefined;
  }
  const { name, description, config: outerConfig = {}, arguments: within = {}, ...flat } = body;
  const { config = outerConfig, ...nested } = isJsonRecord(within) ? within : {};
  if (!isJsonRecord(config) || !isJsonRecord(within)) {
    report('"config" and "arguments" of a test are maps', bodyPath);
    return undefined;
  }
  const beside = Object.entries({ ...flat, ...nested });
  const givenArguments = Object.fromEntries(beside.filter(([key]) => !configKeys.has(key)));
  if (!areArgumentsKnown(test, givenArguments, bodyPath, report)) return undefined;
  return {
    test,
    name: typeof name === 'string' ? name : undefined,
    description: typeof description === 'string' ? description : '',
    arguments: columnName === undefined ? givenArguments : { column_name: columnName, ...givenArguments },
    config: { ...Object.fromEntries(beside.filter(([key]) => configKeys.has(key))), ...config },
    path,
  };
}

/** `{unique: {...}}`, `{test_name: unique, ...}`, or `{name: x, unique: {...}}`. */
function splitEntry(
  entry: Readonly<Record<string, unknown>>,
  path: YamlPath,
): { test: string | undefined; body: unknown; bodyPath: YamlPath } {
  if (typeof entry['test_name'] === 'string') {
    const { test_name: test, ...body } = entry;
    return { test, body, bodyPath: path };
  }
  const reserved = new Set(['name', 'description', 'config', 'arguments', ...configKeys]);
  const names = Object.keys(entry).filter((key) => !reserved.has(key));
  const [test] = names;
  if (test === undefined || names.length > 1) return { test: undefined, body: undefined, bodyPath: path };
  const { [test]: inner, ...outer } = entry;
  const body = inner ?? {};
  return { test, body: isJsonRecord(body) ? { ...outer, ...body } : body, bodyPath: [...path, test] };
}

function areArgumentsKnown(
  test: string,
  given: Readonly<Record<string, unknown>>,
  path: YamlPath,
  report: Report,
): boolean {
  const known = builtinArguments[test];
  if (!known) return true;
  const unknown = Object.keys(given).filter((key) => !known.includes(key) && key !== 'column_name');
  for (const key of unknown) {
    const near = didYouMean(key, [...known, ...configKeys, 'name', 'config', 'arguments', 'description']);
    report(`the test "${test}" has no argument "${key}"${near}`, [...path, key]);
  }
  const missing = known.filter((key) => key !== 'quote' && given[key] === undefined);
  for (const key of missing) report(`the test "${test}" needs the argument "${key}"`, path);
  return unknown.length === 0 && missing.length === 0;
}
