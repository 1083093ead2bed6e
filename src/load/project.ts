import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expandEnvironment, type Environment } from '../config/environment.ts';
import { readYaml, type YamlFile, type YamlPath } from '../config/yaml-file.ts';
import { ConfigError, MillraceError, ProjectError } from '../core/errors.ts';
import type { Origin } from '../core/origin.ts';
import { commandLine, commandLineKeys } from './replication/command-line.ts';
import { expandStrings } from './replication/expand-strings.ts';
import { commandPermission, type ReplicationHooks } from './replication/hook.ts';
import { replicationHooks } from './replication/hook-list.ts';
import { inherit } from './replication/inheritance.ts';
import { modeInEnv, namedInEnv } from './replication/named-in-env.ts';
import type { Replication, StreamConfig } from './replication/replication.ts';
import { replicationSchema, type ReplicationYaml, type StreamYaml } from './replication/schema.ts';
import { withRoutines } from './replication/routines.ts';
import { streamConfig } from './replication/stream-config.ts';
import { fileRemarks, isRefusedSwitch } from './replication/file-switches.ts';
import { notYetSupported, unsupportedStreamKeys } from './replication/unsupported.ts';

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
  const yaml = readYaml(text, file, replicationSchema);
  const mistakes: MillraceError[] = [...unsupportedKeys(yaml)];
  const collect = collector(mistakes);

  const env = collect(() => readEnv(yaml, environment)) ?? {};
  // A file cannot give itself the permission to run commands.
  const names = { ...environment, ...env, [commandPermission]: environment[commandPermission] };
  const given = collect(() => commandLineKeys(overrides)) ?? {};
  const streams = Object.keys(yaml.value.streams).flatMap((name) => {
    const config = collect(() => readStream(yaml, name, names, folder, given));
    return config ? [config] : [];
  });
  const expand = (key: 'source' | 'target'): string =>
    collect(() => namedInEnv(expandEnvironment(yaml.value[key], names, yaml.originOf([key])), names)) ?? '';
  const replication: Replication = {
    file,
    source: expand('source'),
    target: expand('target'),
    sourceOrigin: yaml.originOf(['source']),
    targetOrigin: yaml.originOf(['target']),
    env,
    hooks: collect(() => readRootHooks(yaml, names)) ?? { start: [], end: [] },
    streams,
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

function readEnv(yaml: YamlFile<ReplicationYaml>, environment: Environment): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(yaml.value.env ?? {})) {
    if (isRefusedSwitch(key)) {
      throw notYetSupported(
        `env.${key}`,
        'Leave it out: switches by environment variables are keys of the stream here',
        yaml.originOfKey(['env', key]),
      );
    }
    env[key] = expandEnvironment(String(value), { ...environment, ...env }, yaml.originOf(['env', key]));
  }
  return env;
}

function readRootHooks(yaml: YamlFile<ReplicationYaml>, environment: Environment): ReplicationHooks {
  const written = expandStrings(yaml.value.hooks ?? {}, ['hooks'], environment, yaml);
  const hooks = withRoutines(written, environment, yaml.originOf(['hooks']));
  return replicationHooks(
    hooks as Readonly<Record<string, unknown>>,
    environment[commandPermission] === 'true',
    (moment) => yaml.originOf(['hooks', moment]),
  );
}

function readStream(
  yaml: YamlFile<ReplicationYaml>,
  name: string,
  environment: Environment,
  folder: string,
  given: StreamYaml,
): StreamConfig | undefined {
  const expandAll = (stream: StreamYaml | null | undefined, path: YamlPath): StreamYaml =>
    expandStrings(stream ?? {}, path, environment, yaml) as StreamYaml;
  const own = yaml.value.streams[name] ?? {};
  const written = inherit(expandAll(yaml.value.defaults, ['defaults']), expandAll(own, ['streams', name]));
  const inherited = inherit(written, given);
  const place = (path: YamlPath): YamlPath =>
    isPresent(own, path) ? ['streams', name, ...path] : ['defaults', ...path];
  const { mode } = inherited;
  const stream =
    mode === undefined
      ? inherited
      : { ...inherited, mode: modeInEnv(mode, environment, yaml.originOf(place(['mode']))) };
  const sql = stream.sql?.startsWith('file://')
    ? readQuery(stream.sql, folder, yaml.originOf(place(['sql'])))
    : stream.sql;
  const config = streamConfig(name, sql === undefined ? stream : { ...stream, sql }, {
    key: yaml.originOfKey(['streams', name]),
    mayRunCommands: environment[commandPermission] === 'true',
    environment,
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
