import type { ProjectScope } from '../context/render-scope.ts';
import type { ConfigEntries } from '../manifest/config-layer.ts';
import { type NodeConfig, readNodeConfig } from '../manifest/node-config.ts';
import type { RelationName } from '../manifest/transform-node.ts';
import { relationNameOf } from './name-rules.ts';
import { attempt, type ReadingRoom } from './reading-room.ts';
import { emptyCalls, type nodeDictionary, recordingScope } from './recorded-calls.ts';

const auditSchemas = new WeakMap<ProjectScope, Map<string, string>>();

/** The schema for failures of tests that are configured alike; found out once by the project's naming macro. */
export function auditSchema(
  room: ReadingRoom,
  config: NodeConfig,
  dictionary: ReturnType<typeof nodeDictionary>,
  entries: ConfigEntries,
): string {
  let known = auditSchemas.get(room.scope);
  if (!known) auditSchemas.set(room.scope, (known = new Map()));
  const key = config.schema ?? '';
  let schema = known.get(key);
  if (schema === undefined) {
    const found = failuresRelation(room, { ...config, storedFailures: 'table' }, dictionary, entries);
    known.set(key, (schema = found?.schema ?? room.scope.targetSchema));
  }
  return schema;
}

/** Where the command line asks to keep failures, they are kept unless the test says no. */
export function readTestConfig(room: ReadingRoom, entries: ConfigEntries): NodeConfig {
  const config = readNodeConfig(entries, 'test', room.mistakes);
  const isSaid = entries.has('store_failures') || entries.has('store_failures_as');
  return room.scope.storesFailures && !isSaid ? { ...config, storedFailures: 'table' } : config;
}

/** Where dbt keeps the failing rows of a test. */
export function failuresRelation(
  room: ReadingRoom,
  config: NodeConfig,
  dictionary: ReturnType<typeof nodeDictionary>,
  entries: ConfigEntries,
): RelationName | undefined {
  if (config.storedFailures === undefined) return undefined;
  const placed = { ...config, schema: config.schema ?? 'dbt_test__audit' };
  const scope = recordingScope(room.scope, dictionary, entries, emptyCalls());
  return attempt(room.mistakes, () => relationNameOf(room.scope, scope, placed, dictionary));
}
