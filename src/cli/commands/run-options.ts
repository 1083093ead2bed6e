import { readFile } from 'node:fs/promises';
import { parse, YAMLParseError } from 'yaml';
import { ConfigError } from '../../core/errors.ts';
import type { Place } from './open-project.ts';

/** Flags of `millrace run` and `millrace plan`, as commander gives them. */
export interface RunCommandOptions extends Place {
  readonly selection: string;
  readonly exclude?: string;
  readonly fullRefresh?: boolean;
  readonly partition?: string;
  readonly replication?: string;
  readonly pipeline?: string;
  readonly directory?: string;
  readonly config?: string;
  readonly streams?: string;
  readonly srcConn?: string;
  readonly srcStream?: string;
  readonly srcOptions?: string;
  readonly tgtConn?: string;
  readonly tgtObject?: string;
  readonly tgtOptions?: string;
  readonly stdout?: boolean;
  readonly env?: string;
  readonly mode?: string;
  readonly select?: string;
  readonly where?: string;
  readonly transforms?: string;
  readonly columns?: string;
  readonly primaryKey?: string;
  readonly updateKey?: string;
  readonly limit?: number;
  readonly offset?: number;
  readonly range?: string;
  readonly debug?: boolean;
  readonly trace?: boolean;
  readonly examples?: boolean;
  readonly homeDir?: string;
  readonly json?: boolean;
  /** Where relative paths of files without a connection begin; the current folder when absent. No flag. */
  readonly localFolder?: string;
  /** What the loaded stream is called, when not after its object. No flag. */
  readonly assetKey?: string;
}

/** The keys of a stream that flags stand for. */
export function streamKeys(options: RunCommandOptions): Readonly<Record<string, unknown>> {
  const given = (value: string | undefined): value is string => value !== undefined;
  const source = {
    ...(given(options.srcOptions) ? mapFlag('--src-options', options.srcOptions) : {}),
    ...(options.offset === undefined ? {} : { offset: options.offset }),
    ...(given(options.range) ? { range: options.range } : {}),
  };
  const target = given(options.tgtOptions) ? mapFlag('--tgt-options', options.tgtOptions) : {};
  return {
    ...(given(options.mode) ? { mode: options.mode } : {}),
    ...(given(options.select) ? { select: names(options.select) } : {}),
    ...(given(options.where) ? { where: options.where } : {}),
    ...(given(options.primaryKey) ? { primary_key: names(options.primaryKey) } : {}),
    ...(given(options.updateKey) ? { update_key: options.updateKey } : {}),
    ...(given(options.columns) ? { columns: yamlFlag('--columns', options.columns) } : {}),
    ...(given(options.transforms) ? { transforms: yamlFlag('--transforms', options.transforms) } : {}),
    ...(Object.keys(source).length > 0 ? { source_options: source } : {}),
    ...(Object.keys(target).length > 0 ? { target_options: target } : {}),
    ...(given(options.assetKey) ? { meta: { dagster: { asset_key: options.assetKey } } } : {}),
  };
}

/** Variables of `--env`. */
export function givenEnvironment({ env }: RunCommandOptions): Readonly<Record<string, string>> {
  if (env === undefined) return {};
  return Object.fromEntries(
    Object.entries(mapFlag('--env', env)).map(([name, value]) => [name, textOf(value)]),
  );
}

/**
 * Sling's task, `-c`: a file or a text in YAML or JSON with `source`, `target`, `mode` and `env`. Flags win over it.
 * @throws ConfigError for a key that is not known
 */
export async function withTask(options: RunCommandOptions): Promise<RunCommandOptions> {
  if (options.config === undefined) return options;
  const text =
    /[\n{:]\s/.test(options.config) || options.config.startsWith('{')
      ? options.config
      : await readFile(options.config, 'utf8').catch((error: NodeJS.ErrnoException) => {
          throw flagInvalid('-c', `the file ${options.config} cannot be read (${error.code})`);
        });
  const task = mapFlag('-c', text);
  const source = part(task, 'source', ['conn', 'stream', 'options', 'select', 'where', 'primary_key', 'update_key', 'limit', 'offset']); // prettier-ignore
  const target = part(task, 'target', ['conn', 'object', 'options', 'columns']);
  requireKnown('-c', task, ['source', 'target', 'mode', 'env', 'transforms']);
  const found: Record<string, unknown> = {
    srcConn: source['conn'],
    srcStream: source['stream'],
    srcOptions: jsonOf(source['options']),
    select: commaList(source['select']),
    where: source['where'],
    primaryKey: commaList(source['primary_key']),
    updateKey: source['update_key'],
    limit: source['limit'],
    offset: source['offset'],
    tgtConn: target['conn'],
    tgtObject: target['object'],
    tgtOptions: jsonOf(target['options']),
    columns: jsonOf(target['columns']),
    transforms: jsonOf(task['transforms']),
    mode: task['mode'],
    env: jsonOf(task['env']),
  };
  const present = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
  return { ...present, ...options };
}

function part(
  task: Readonly<Record<string, unknown>>,
  key: string,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  const value = task[key] ?? {};
  if (!isMap(value)) throw flagInvalid('-c', `${key} is no map`);
  requireKnown(`-c: ${key}`, value, known);
  return value;
}

function requireKnown(flag: string, map: Readonly<Record<string, unknown>>, known: readonly string[]): void {
  const unknown = Object.keys(map).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw flagInvalid(flag, `unknown key '${unknown}'; known keys: ${known.join(', ')}`);
}

/** `a, b` */
export function names(list: string): readonly string[] {
  return list.split(',').map((name) => name.trim());
}

function mapFlag(flag: string, text: string): Readonly<Record<string, unknown>> {
  const value = yamlFlag(flag, text);
  if (isMap(value)) return value;
  throw flagInvalid(flag, "it is no map such as '{key: value}'");
}

function yamlFlag(flag: string, text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw flagInvalid(flag, `it is neither YAML nor JSON: ${error.message.split('\n', 1)[0] ?? ''}`);
  }
}

function flagInvalid(flag: string, message: string): ConfigError {
  return new ConfigError(`${flag}: ${message}`, {
    code: 'flag_invalid',
    origin: { file: 'command line' },
    next: 'See: millrace run --examples',
  });
}

function jsonOf(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

function commaList(value: unknown): unknown {
  return Array.isArray(value) ? value.join(',') : value;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
