import type { Connection } from '../connector/connection.ts';
import { ConfigError } from '../core/errors.ts';
import type { RunOptions } from '../core/plan.ts';
import type { TableName } from '../sql/dialect.ts';
import { type Scope, valueAt } from './expression/expression.ts';
import type { HookServices } from './hooks/hook-place.ts';
import type { StepMemory } from './hooks/step-memory.ts';
import { connectionEnd, targetTable, type KnownConnection } from './nodes.ts';
import type { StreamTask } from './plan/stream-task.ts';
import { isCollapsed } from './replication/collapse.ts';
import { isWildcard, matchesGlob } from './replication/glob.ts';
import { checkPartitionedStream } from './replication/partitioned-stream.ts';
import type { Replication, StreamConfig } from './replication/replication.ts';
import type { KeptValues } from './replication-hooks.ts';
import { runVariables, storeVariables } from './replication/run-time.ts';
import { parseTableName } from './replication/stream-name.ts';
import { objectVariables, streamVariables, type Ends } from './replication/stream-variables.ts';
import { fillKnown, fillTemplate, type TemplateValues } from './replication/template.ts';
import { instantRange, type PartitionWindow } from './stream/partition-window.ts';

export interface TaskRequest {
  readonly replication: Replication;
  readonly stream: StreamConfig;
  readonly connections: readonly KnownConnection[];
  readonly services: HookServices;
  readonly options: RunOptions;
  readonly idempotencyKey: string;
  readonly window?: PartitionWindow | undefined;
  /** What names and queries may say about the run. */
  readonly run: { readonly id: string; readonly startedAtMs: number | undefined };
  /** What hooks at the start of the file stored. */
  readonly kept?: KeptValues;
  readonly memory?: StepMemory;
}

/** The loads that one stream of a file stands for: itself, or one per match of its wildcard. */
export async function streamTasks(request: TaskRequest): Promise<readonly StreamTask[]> {
  const { replication, stream, options, idempotencyKey } = request;
  const [target, source] = await openBoth(request);
  const ends: Ends = {
    source: endOf(source, request.connections),
    target: endOf(target, request.connections),
  };
  const { store = {}, statuses = {}, env: set = {} } = request.kept ?? {};
  const env = { ...replication.env, ...set };
  const ofRun = { ...runVariables(request.run), ...storeVariables(store) };
  const named = { ...stream, name: fillKnown(stream.name, { ...env, ...ofRun }) };
  const kept = {
    store,
    state: Object.fromEntries(Object.entries(statuses).map(([id, status]) => [id, { status }])),
  };
  const streams = await expand(named, replication, source, ends);
  const isShared = (object: TableName): boolean =>
    replication.streams
      .filter(({ name, disabled }) => !disabled && name !== stream.name && !isWildcard(name))
      .map((other) => objectOf(other, ends, { ...ofRun, ...streamVariables(other.name, ends, env) }))
      .some((other) => isSameObject(located(target, other), object));
  const tasks = streams.map((one): StreamTask => {
    const values = { ...ofRun, ...streamVariables(one.name, ends, env) };
    const object = located(target, objectOf(one, ends, values));
    return {
      stream: withWindow(withVariables(one, { ...values, ...objectVariables(object) }, kept), request.window),
      source,
      target,
      ...(ends.source.defaultSchema === undefined ? {} : { sourceSchema: ends.source.defaultSchema }),
      object,
      sharesObject: () => isShared(object),
      options,
      idempotencyKey,
      ...(request.window ? { window: request.window } : {}),
      services: request.services,
      ...(request.memory ? { memory: request.memory } : {}),
      file: replication.file,
      names: streamNames(streamVariables(one.name, ends, {})),
      store,
      env,
    };
  });
  requireDistinctObjects(tasks);
  return tasks;
}

/** Opens them at once; if both fail, the source's error is told. */
async function openBoth({ replication, services }: TaskRequest): Promise<readonly [Connection, Connection]> {
  const opening = [services.open(replication.target), services.open(replication.source)] as const;
  await Promise.allSettled(opening);
  const source = await opening[1];
  return [await opening[0], source];
}

/** The stream with its SQL filled; what is filled in later, and other braces, stay. */
function withVariables(stream: StreamConfig, values: TemplateValues, kept: Scope): StreamConfig {
  const fill = (sql: string): string => fillKept(fillKnown(sql, values), kept);
  const { sql, where, target } = stream;
  return {
    ...stream,
    ...(sql === undefined ? {} : { sql: fill(sql) }),
    ...(where === undefined ? {} : { where: fill(where) }),
    target: {
      ...target,
      preSql: target.preSql.map(fill),
      postSql: target.postSql.map(fill),
      ...(target.tableDdl === undefined ? {} : { tableDdl: fill(target.tableDdl) }),
    },
  };
}

/** Its range is of instants until the type of the update key is known. */
function withWindow(stream: StreamConfig, window: PartitionWindow | undefined): StreamConfig {
  if (!window) return stream;
  checkPartitionedStream(stream);
  return { ...stream, range: instantRange(window) };
}

const keptPath = /\{((?:store|state)\.[\w.]+(?:\[\d+\][\w.]*)*)\}/g;

/** Puts in what hooks at the start left, such as `{store.rows[0].id}` and `{state.ask.status}`. */
function fillKept(text: string, kept: Scope): string {
  return text.replaceAll(keptPath, (whole, path: string) => {
    const value = valueAt(kept, path) ?? null;
    if (value === null) return whole;
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
}

function streamNames(variables: TemplateValues): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(variables).flatMap(([key, value]) =>
      key.startsWith('stream_') ? [[key.slice('stream_'.length), value] as const] : [],
    ),
  );
}

function endOf(connection: Connection, known: readonly KnownConnection[]): Ends['source'] {
  const found = known.find((candidate) => candidate.name.toLowerCase() === connection.name.toLowerCase());
  return connectionEnd(found ?? connection);
}

/** A table without a schema is in the one that the open connection has by default. */
function located({ database }: Connection, object: TableName): TableName {
  return database && object.schema === '' ? { ...object, schema: database.dialect.defaultSchema } : object;
}

function isSameObject(one: TableName, other: TableName): boolean {
  return one.schema === other.schema && one.name === other.name;
}

function objectOf(stream: StreamConfig, ends: Ends, values: TemplateValues): TableName {
  const object = fillTemplate(stream.object, values, stream.objectOrigin);
  const { defaultSchema } = ends.target;
  return defaultSchema === undefined
    ? { schema: '', name: object }
    : targetTable(object, defaultSchema, stream);
}

async function expand(
  stream: StreamConfig,
  replication: Replication,
  source: Connection,
  ends: Ends,
): Promise<readonly StreamConfig[]> {
  if (!isWildcard(stream.name)) return [stream];
  if (isCollapsed(stream, ends)) return [stream];
  const names = (await source.source?.discover(stream.name)) ?? [];
  const others = replication.streams.filter((other) => other.name !== stream.name);
  const explicit = new Set(
    others.filter((other) => !isWildcard(other.name)).map((other) => plainName(other.name, ends)),
  );
  // Of two patterns the narrower one has what fits both.
  const own = plainName(stream.name, ends);
  const leftOut = others
    .filter(({ name, disabled }) => isWildcard(name) && (disabled || matchesGlob(own, plainName(name, ends))))
    .map((other) => plainName(other.name, ends));
  return names
    .map((name) => ({ name, plain: plainName(name, ends) }))
    .filter(({ plain }) => !explicit.has(plain) && !leftOut.some((pattern) => matchesGlob(pattern, plain)))
    .map(({ name }) => ({ ...stream, name }));
}

function plainName(name: string, ends: Ends): string {
  if (ends.source.defaultSchema === undefined) return name.replace(/^file:\/\//, '');
  const table = parseTableName(name, ends.source.defaultSchema);
  return `${table.schema}.${table.name}`.toLowerCase();
}

function requireDistinctObjects(tasks: readonly StreamTask[]): void {
  const seen = new Map<string, StreamTask>();
  for (const task of tasks) {
    const key = `${task.object.schema}.${task.object.name}`;
    const other = seen.get(key);
    if (other) {
      throw new ConfigError(
        `the streams '${other.stream.name}' and '${task.stream.name}' would both go into '${key}'`,
        {
          code: 'object_ambiguous',
          origin: task.stream.objectOrigin,
          next: "Tell them apart in object:, such as object: 'raw.{stream_schema}_{stream_table}'",
        },
      );
    }
    seen.set(key, task);
  }
}
