import { createHash } from 'node:crypto';
import type { ConnectionRole } from '../connector/connector.ts';
import { connectionMissing } from '../connector/connection-missing.ts';
import { ConfigError, MillraceError, ProjectError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { isNodeKey, type Edge, type GraphNode, type NodeKey } from '../core/node.ts';
import type { Origin } from '../core/origin.ts';
import { dialectFor } from '../sql/dialects/index.ts';
import { afterNamedTables } from './named-tables.ts';
import { inTurn, streamOf } from './shared-object.ts';
import { withReplicationHooks } from './replication-hook-nodes.ts';
import { isCollapsed } from './replication/collapse.ts';
import { isWildcard } from './replication/glob.ts';
import type { Replication, StreamConfig } from './replication/replication.ts';
import { isRunVariable } from './replication/run-time.ts';
import { parseTableName, splitName } from './replication/stream-name.ts';
import { streamVariables, type End, type Ends } from './replication/stream-variables.ts';
import { fillKnown, fillTemplate, variablesIn } from './replication/template.ts';

/** What is known of a connection without opening it. */
export interface KnownConnection {
  /** As in `connections.yaml`. */
  readonly name: string;
  /** Connector type, such as `postgres`. */
  readonly type: string;
  /** Where tables without a schema live, when the connection says so. */
  readonly defaultSchema?: string;
  /** What it can do; absent: what its type says. */
  readonly roles?: readonly ConnectionRole[];
}

export interface NodeOptions {
  readonly connections: readonly KnownConnection[];
}

/** What a load node carries for its executor. */
export interface LoadSpec extends JsonObject {
  /** File of the replication. */
  readonly replication: string;
  /** Name of the stream as written. */
  readonly stream: string;
  readonly mode: string;
  readonly schedule: readonly string[];
  /** What `meta.millrace` says of the stream's automation, freshness and partitions. */
  readonly millrace?: JsonObject;
  /** Hash of all that the stream says, so that a changed definition is a changed node. */
  readonly definition: string;
}

/**
 * One asset per enabled stream. A wildcard is one node; it finds its streams when it runs. Streams into one table are
 * made in the order in which they are written.
 * @throws ProjectError naming every missing connection, bad object and key that two streams were given
 */
export function replicationNodes(replication: Replication, options: NodeOptions): readonly GraphNode[] {
  const mistakes: MillraceError[] = [];
  const source = findEnd('source', replication.source, replication.sourceOrigin, options, mistakes);
  const target = findEnd('target', replication.target, replication.targetOrigin, options, mistakes);
  if (!source || !target) throw new ProjectError(mistakes);

  const streams = replication.streams.filter((candidate) => !candidate.disabled);
  const collect = <T>(work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      mistakes.push(error);
      return undefined;
    }
  };
  const nodes = streams.flatMap(
    (stream) => collect(() => streamNode(replication, stream, { source, target })) ?? [],
  );
  const named = new Set(streams.flatMap(({ name, meta }) => (meta.assetKey === undefined ? [] : [name])));
  const ordered = collect(() => inTurn(nodes, (node) => named.has(streamOf(node)))) ?? [];
  if (mistakes.length > 0) throw new ProjectError(mistakes);
  return withReplicationHooks(replication, afterNamedTables(replication, ordered));
}

function streamNode(replication: Replication, stream: StreamConfig, ends: Ends): GraphNode {
  const { source, target } = ends;
  const toFile = target.defaultSchema === undefined;
  if (stream.target.parts && !toFile) throw partsOfTable(stream, target);
  const spec: LoadSpec = {
    replication: replication.file,
    stream: stream.name,
    mode: stream.mode,
    schedule: stream.schedule,
    definition: definitionHash(replication, stream),
    ...(stream.meta.automation ? { millrace: stream.meta.automation } : {}),
  };
  const from = `${source.name}, ${stream.name}`;
  const expands = isWildcard(stream.name) && !isCollapsed(stream, ends);
  const stores = (replication.hooks?.start.length ?? 0) > 0;
  const late = variablesIn(`${stream.name} ${stream.object}`).filter(
    (name) => isRunVariable(name) && (stores || !name.startsWith('store_')),
  );
  const isKnown = !expands && late.length === 0;
  const filled = (ofRun: (name: string) => string): string => {
    const open = Object.fromEntries(late.map((name) => [name, ofRun(name)]));
    const values = streamVariables(
      fillKnown(stream.name, { ...replication.env, ...open }),
      ends,
      replication.env,
    );
    return fillTemplate(stream.object, { ...open, ...values }, stream.objectOrigin);
  };
  const anyRun = filled(() => '*');
  const relation = toFile
    ? undefined
    : { connection: target.name, ...targetTable(anyRun, target.defaultSchema, stream) };
  const named = expands ? wildcardName(stream, ends) : filled((name) => name);
  const key = stream.meta.assetKey ?? keyOf(named, toFile);
  const edges: Edge[] = stream.meta.deps.map((dep) => ({ kind: 'reads', from: dep, origin: stream.origin }));
  return {
    key,
    kind: 'asset',
    type: toFile ? 'file' : 'table',
    description: stream.meta.description || stream.description || `Loaded from ${from}`,
    tags: stream.tags,
    group: stream.meta.group ?? (key.split('/').slice(0, -1).join('/') || target.name),
    origin: stream.origin,
    edges,
    ...(relation ? { [isKnown ? 'relation' : 'relationPattern']: relation } : {}),
    columns: [],
    executor: 'load',
    spec,
  };
}

function partsOfTable({ objectOrigin }: StreamConfig, { name }: End): ConfigError {
  return new ConfigError(`{part_...} are folders of files, and '${name}' holds tables`, {
    code: 'object_invalid',
    origin: objectOrigin,
    next: 'Leave the parts out of object:',
  });
}

function definitionHash({ source, target }: Replication, stream: StreamConfig): string {
  const { origin: _origin, objectOrigin: _objectOrigin, ...definition } = stream;
  return createHash('sha256')
    .update(JSON.stringify([source, target, definition]))
    .digest('hex')
    .slice(0, 16);
}

/** The table that an object names. */
export function targetTable(
  object: string,
  defaultSchema: string,
  stream: StreamConfig,
): { readonly schema: string; readonly name: string } {
  const parts = splitName(object);
  if (parts.length > 2) {
    throw new ConfigError(`the object '${object}' has ${parts.length} parts`, {
      code: 'object_invalid',
      origin: stream.objectOrigin,
      next: 'Write schema.table; the database is that of the connection',
    });
  }
  return parseTableName(object, defaultSchema);
}

function findEnd(
  role: 'source' | 'target',
  name: string,
  origin: Origin,
  options: NodeOptions,
  mistakes: MillraceError[],
): End | undefined {
  const found = options.connections.find((known) => known.name.toLowerCase() === name.toLowerCase());
  if (found && isLoadable(found, role)) return connectionEnd(found);
  if (found) {
    mistakes.push(
      new ConfigError(
        `the connection '${found.name}' is ${found.type}, which cannot be loaded ${role === 'source' ? 'from' : 'into'}`,
        {
          code: 'connection_not_loadable',
          origin,
          next: 'Use a database or a file connection',
        },
      ),
    );
    return undefined;
  }
  const names = options.connections.map((known) => known.name);
  mistakes.push(connectionMissing(name, names, origin));
  return undefined;
}

function isLoadable({ type, roles }: KnownConnection, role: 'source' | 'target'): boolean {
  return roles ? roles.includes(role) : type === 'file' || dialectFor(type) !== undefined;
}

/** A connection as one end of a replication. A source that is no file has streams, which are named like tables. */
export function connectionEnd(known: KnownConnection): End {
  const isFile = known.type === 'file' || known.roles?.includes('target') === true;
  const schema =
    known.defaultSchema ?? dialectFor(known.type)?.defaultSchema ?? (known.roles && !isFile ? '' : undefined);
  return { name: known.name, type: known.type, ...(schema === undefined ? {} : { defaultSchema: schema }) };
}

/** The table `raw.orders` becomes `raw/orders`, the file `file://out/orders.csv` becomes `out/orders.csv`. */
function keyOf(object: string, isFile: boolean): NodeKey {
  const isPath = isFile || object.includes('/');
  const parts = isPath ? object.replace(/^file:\/\//, '').split('/') : splitName(object);
  const clean = parts
    .map((part) => part.replace(/[^\p{L}\p{N}_.$-]+/gu, '_'))
    .filter((part) => part !== '' && part !== '.' && part !== '..');
  const key = clean.join('/');
  return isNodeKey(key) ? key : 'load';
}

/** `public.*` into `raw.{stream_table}` is drawn as `raw/public_all`. */
function wildcardName(stream: StreamConfig, ends: Ends): string {
  const written = stream.object.split('{')[0]?.replace(/[._/-]+$/, '') ?? '';
  const place = written === '' ? (ends.target.defaultSchema ?? ends.target.name) : written;
  const pattern = stream.name.replace(/^file:\/\//, '').replace(/[*?]+/g, 'all');
  return `${place}${place.includes('/') ? '/' : '.'}${pattern.replace(/[./]+/g, '_')}`;
}
