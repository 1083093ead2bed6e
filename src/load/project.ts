import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Environment } from '../config/environment.ts';
import { readYaml, type YamlFile, type YamlPath } from '../config/yaml-file.ts';
import { ConfigError, MillraceError, ProjectError } from '../core/errors.ts';
import type { Origin } from '../core/origin.ts';
import { commandLine, commandLineKeys } from './replication/command-line.ts';
import { expandStrings } from './replication/expand-strings.ts';
import { commandPermission, type ReplicationHooks } from './replication/hook.ts';
import { replicationHooks } from './replication/hook-list.ts';
import { readVariables } from './replication/file-variables.ts';
import { ignoredKey, type ReadingWarning, type TellWarning } from './replication/reading-warning.ts';
import { inherit } from './replication/inheritance.ts';
import { withNames } from './replication/option-names.ts';
import { connectionNamed, namedInEnv } from './replication/named-in-env.ts';
import type { Replication, StreamConfig } from './replication/replication.ts';
import { pipelineLine } from './replication/pipeline-text.ts';
import { replicationSchema, type ReplicationYaml, type StreamYaml } from './replication/schema.ts';
import { withRoutines } from './replication/routines.ts';
import { streamConfig } from './replication/stream-config.ts';
import { fileRemarks, isUnknownSwitch } from './replication/file-switches.ts';
import { unsupportedStreamKeys } from './replication/unsupported.ts';

/**
 * Reads a Sling replication file.
 * @param file path relative to the project folder, as messages show it
 * @param folder where the paths of `sql: file://` begin
 * @param overrides keys from the command line, which win over those of every stream
 * @throws ProjectError with every mistake and its line: unknown keys, keys that are not built yet, bad values
 */
export function readReplication(
  text: string,
  file: string,
  environment: Environment,
  folder: string = process.cwd(),
  overrides: Readonly<Record<string, unknown>> = {},
): Replication {
  refusePipeline(text, file);
  const yaml = readYaml(text, file, replicationSchema, isSlingsOwn);
  const mistakes: MillraceError[] = [...unsupportedKeys(yaml)];
  const collect = collector(mistakes);
  const warnings = yaml.ignored.map((key) => ignoredKey(key, key.origin));
  const warn: TellWarning = (warning) => {
    const isSame = ({ message, origin }: ReadingWarning): boolean =>
      message === warning.message && origin.line === warning.origin.line;
    if (!warnings.some(isSame)) warnings.push(warning);
  };

  const env = collect(() => readEnv(yaml, environment, warn)) ?? {};
  // A file cannot give itself the permission to run commands.
  const names = { ...environment, ...env, [commandPermission]: environment[commandPermission] };
  const given = collect(() => commandLineKeys(overrides)) ?? {};
  const streams = Object.keys(yaml.value.streams).flatMap((name) => {
    const config = collect(() => readStream(yaml, name, { environment: names, env, folder, given, warn }));
    return config ? [config] : [];
  });
  const expand = (key: 'source' | 'target'): string =>
    collect(() => connectionNamed(yaml.value[key], names, yaml.originOf([key]))) ?? '';
  const replication: Replication = {
    file,
    source: expand('source'),
    target: expand('target'),
    sourceOrigin: yaml.originOf(['source']),
    targetOrigin: yaml.originOf(['target']),
    env,
    hooks: collect(() => readRootHooks(yaml, names, warn)) ?? { start: [], end: [] },
    streams,
    warnings,
  };
  if (Object.keys(yaml.value.streams).length === 0) {
    mistakes.push(
      new ConfigError('the replication has no streams', {
        code: 'streams_missing',
        origin: yaml.originOfKey(['streams']),
        next: 'Name at least one under streams:, such as public.orders:',
      }),
    );
  }
  if (mistakes.length > 0) throw new ProjectError(mistakes);
  return replication;
}

function unsupportedKeys(yaml: YamlFile<ReplicationYaml>): MillraceError[] {
  const { defaults, streams } = yaml.value;
  const keyOrigin = (path: YamlPath) => yaml.originOfKey(path);
  return [
    ...unsupportedStreamKeys({ ...defaults }, ['defaults'], keyOrigin),
    ...Object.entries(streams).flatMap(([name, stream]) =>
      unsupportedStreamKeys({ ...stream }, ['streams', name], keyOrigin),
    ),
  ];
}

function refusePipeline(text: string, file: string): void {
  const line = pipelineLine(text);
  if (line === undefined) return;
  throw new ConfigError('this is a pipeline: it has steps, and no streams', {
    code: 'pipeline_misplaced',
    origin: { file, line },
    next: `Run it with: millrace run -p ${file}; in a project it belongs into pipelines/`,
  });
}

/** What is of Sling's making may hold keys that nobody knows; `meta.millrace` and the moments of hooks may not. */
function isSlingsOwn(path: YamlPath): boolean {
  const part = path[0] === 'streams' ? path[2] : path[1];
  return path[0] !== 'hooks' && part !== 'hooks' && part !== 'meta';
}

function readEnv(
  yaml: YamlFile<ReplicationYaml>,
  environment: Environment,
  warn: TellWarning,
): Record<string, string> {
  for (const key of Object.keys(yaml.value.env ?? {})) {
    if (!isUnknownSwitch(key)) continue;
    const message = `env.${key} is not obeyed: switches by environment variables are keys of the stream here`;
    warn({ message, origin: yaml.originOfKey(['env', key]) });
  }
  return readVariables(yaml.value.env ?? {}, environment, (key) => yaml.originOf(['env', key]), warn);
}

function readRootHooks(
  yaml: YamlFile<ReplicationYaml>,
  environment: Environment,
  warn: TellWarning,
): ReplicationHooks {
  const written = expandStrings(yaml.value.hooks ?? {}, ['hooks'], environment, yaml);
  const hooks = withRoutines(written, environment, yaml.originOf(['hooks']));
  return replicationHooks(hooks as Readonly<Record<string, unknown>>, {
    originOf: (path) => yaml.originOf(['hooks', ...path]),
    mayRunCommands: environment[commandPermission] === 'true',
    warn,
  });
}

interface StreamReading {
  readonly environment: Environment;
  /** Of the file itself. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the paths of `sql: file://` begin. */
  readonly folder: string;
  /** Keys from the command line. */
  readonly given: StreamYaml;
  readonly warn: TellWarning;
}

function readStream(
  yaml: YamlFile<ReplicationYaml>,
  name: string,
  { environment, env, folder, given, warn }: StreamReading,
): StreamConfig | undefined {
  const expandAll = (stream: StreamYaml | null | undefined, path: YamlPath): StreamYaml =>
    expandStrings(stream ?? {}, path, environment, yaml) as StreamYaml;
  const own = yaml.value.streams[name] ?? {};
  const written = inherit(expandAll(yaml.value.defaults, ['defaults']), expandAll(own, ['streams', name]));
  const inherited = withNames(inherit(written, given), env);
  const place = (path: YamlPath): YamlPath =>
    isPresent(own, path) ? ['streams', name, ...path] : ['defaults', ...path];
  const { mode } = inherited;
  const stream = mode === undefined ? inherited : { ...inherited, mode: namedInEnv(mode, environment) };
  const sql = stream.sql?.startsWith('file://')
    ? readQuery(stream.sql, folder, yaml.originOf(place(['sql'])))
    : stream.sql;
  const config = streamConfig(name, sql === undefined ? stream : { ...stream, sql }, {
    key: yaml.originOfKey(['streams', name]),
    mayRunCommands: environment[commandPermission] === 'true',
    environment,
    warn,
    of: (path) => {
      if (isPresent(given, path)) return commandLine;
      return isPresent(stream, path) ? yaml.originOf(place(path)) : yaml.originOfKey(['streams', name]);
    },
  });
  return { ...config, remarks: [...fileRemarks(yaml.value.env ?? {}), ...config.remarks] };
}

/** The query in the file that `sql: file://...` names. */
function readQuery(url: string, folder: string, origin: Origin): string {
  const path = resolve(folder, url.slice('file://'.length));
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new ConfigError(`the query file ${url.slice('file://'.length)} cannot be read`, {
      code: 'file_missing',
      origin,
      next: 'Correct the path; it begins in the folder of the project',
    });
  }
}

function isPresent(value: unknown, path: YamlPath): boolean {
  let current = value;
  for (const step of path) {
    if (current === null || typeof current !== 'object' || !(step in current)) return false;
    current = (current as Record<string | number, unknown>)[step];
  }
  return true;
}

/** Runs readers one by one and keeps what they throw, so that all mistakes are told at once. */
function collector(mistakes: MillraceError[]): <T>(read: () => T) => T | undefined {
  return (read) => {
    try {
      return read();
    } catch (error) {
      if (error instanceof ProjectError) mistakes.push(...error.issues);
      else if (error instanceof MillraceError) {
        const same = mistakes.some(
          (known) => known.message === error.message && known.origin?.line === error.origin?.line,
        );
        if (!same) mistakes.push(error);
      } else throw error;
      return undefined;
    }
  };
}
