import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MillraceError } from '../../core/errors.ts';
import type { GraphNode } from '../../core/node.ts';
import type { DatasetPlace, LineageSource } from '../../telemetry/open-lineage/lineage-source.ts';
import { writtenSettings } from '../connections/connection-settings.ts';
import { withPlaceholders } from '../connections/connection-secrets.ts';
import type { ConnectionDeclaration } from '../connections/connections-file.ts';
import { findConnector } from '../connections/connector-registry.ts';
import { databaseName } from '../connections/database-name.ts';
import type { Project } from '../reading/project.ts';
import { transformRoom } from '../reading/transform-room.ts';
import { packageVersion } from '../settings/package-version.ts';

const usualPorts: Readonly<Record<string, number>> = { postgres: 5432, mysql: 3306 };

/** What the project, as it is at each moment, tells about its datasets. */
export async function createLineageSource(
  current: () => Project,
  namespace: string,
  redact: (text: string) => string,
): Promise<LineageSource> {
  const places = await readPlaces(current());
  return {
    project: current().definition.name,
    version: packageVersion(),
    namespace,
    node: (key) => current().graph.byKey.get(key),
    place: (connection) => places.get(connection.toUpperCase()),
    loadedFrom: (node) => loadedFrom(current(), node),
    sql: (node) => sqlOf(current(), node),
    redact,
  };
}

async function readPlaces(project: Project): Promise<ReadonlyMap<string, DatasetPlace>> {
  const places = new Map<string, DatasetPlace>();
  for (const [name, declaration] of project.connections) {
    const entry = findConnector(declaration.type);
    if (!entry) continue;
    try {
      const settings = writtenSettings(withPlaceholders(declaration), await entry.load());
      const place = placeOf(declaration, settings, project.folder);
      if (place) places.set(name, place);
    } catch (error) {
      // What is wrong with a connection is told to whoever uses it; until then it has no place.
      if (!(error instanceof MillraceError)) throw error;
    }
  }
  return places;
}

/** Undefined for systems without tables or files, such as HTTP. */
export function placeOf(
  declaration: ConnectionDeclaration,
  settings: Readonly<Record<string, unknown>>,
  folder: string,
): DatasetPlace | undefined {
  const { type } = declaration;
  const path = [settings['path'], settings['database'], settings['instance'], settings['url']].find(
    (value) => typeof value === 'string',
  );
  const file = resolve(folder, (path ?? '').replace(/^(sqlite3?|file|duckdb):(\/\/)?/i, ''));
  switch (type) {
    case 'postgres':
    case 'mysql': {
      const namespace = `${type}://${hostOf(settings)}:${Number(settings['port'] ?? usualPorts[type])}`;
      const database = databaseName({ ...declaration, config: { ...declaration.config, ...settings } });
      const prefix = type === 'postgres' && database !== '' ? [database] : [];
      return { namespace, prefix, hasSchemas: true, uri: namespace };
    }
    case 'duckdb':
      return {
        namespace: `duckdb://${file}`,
        prefix: [databaseName(declaration)],
        hasSchemas: true,
        uri: pathToFileURL(file).href,
      };
    case 'sqlite':
      return { namespace: `sqlite://${file}`, prefix: [], hasSchemas: false, uri: pathToFileURL(file).href };
    case 'file':
      return { namespace: 'file', prefix: [file], hasSchemas: false, uri: pathToFileURL(file).href };
    default:
      return undefined;
  }
}

function hostOf(settings: Readonly<Record<string, unknown>>): string {
  const host = typeof settings['host'] === 'string' ? settings['host'] : 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

function loadedFrom(project: Project, node: GraphNode): ReturnType<LineageSource['loadedFrom']> {
  const found = streamOf(project, node);
  if (!found || found.stream.sql !== undefined || /[*?{]/.test(found.stream.name)) return undefined;
  return { connection: found.source, stream: found.stream.name };
}

function sqlOf(project: Project, node: GraphNode): ReturnType<LineageSource['sql']> {
  const { transform } = project.parts;
  if (node.executor === 'load') {
    const query = streamOf(project, node)?.stream.sql;
    return query === undefined ? undefined : { query };
  }
  if (node.executor !== 'transform' || !transform) return undefined;
  try {
    return { query: transformRoom().explainTransform(transform, node.key), dialect: transform.dialectName };
  } catch {
    // What needs the warehouse to be compiled is told without its SQL.
    return undefined;
  }
}

function streamOf(
  project: Project,
  node: GraphNode,
):
  | { readonly source: string; readonly stream: { readonly name: string; readonly sql?: string } }
  | undefined {
  const replication = project.parts.replications.find(({ file }) => file === node.spec['replication']);
  const stream = replication?.streams.find(({ name }) => name === node.spec['stream']);
  return replication && stream && { source: replication.source, stream };
}
