import { ConfigError } from '../../core/errors.ts';
import { dateTime } from '../context/date-time.ts';
import { entryOf } from '../artifacts/entry.ts';
import { createRelation, narrowedRelation, type Relation } from '../context/relation.ts';
import type { Moment, NodeScope } from '../context/render-scope.ts';
import type { RunArguments } from '../context/run-arguments.ts';
import { fromJs, type Value } from '../jinja/index.ts';
import { withinSql } from '../manifest/batches.ts';
import type { ConfigEntries } from '../manifest/config-layer.ts';
import { aliasOf } from '../manifest/test-alias.ts';
import type {
  AnalysisNode,
  Dependency,
  RefNode,
  RelationName,
  SourceNode,
  TestNode,
  TransformNode,
} from '../manifest/transform-node.ts';
import type { Home } from '../manifest/dataset.ts';
import { cteNameOf, dependenciesOf, type Manifest } from '../reading/manifest.ts';
import { resolveRef, resolveRefs, resolveSource } from '../reading/resolution.ts';

/** The relation that `ref()` or `source()` stands for. */
export function relationOf(node: RefNode | SourceNode): Relation {
  if (node.kind === 'model' && node.config.materialized === 'ephemeral') {
    return createRelation({ database: '', schema: '', identifier: cteNameOf(node) }, 'cte');
  }
  const { materialized } = node.config;
  const isView = node.kind === 'model' && (materialized === 'view' || materialized === 'materialized_view');
  return createRelation(node.relation, isView ? materialized : 'table');
}

function keptAs(node: RefNode): RelationName | undefined {
  return node.config.materialized === 'ephemeral' ? undefined : node.relation;
}

type CompiledOrSource = TransformNode | AnalysisNode;

/** A scope in which calls give real relations. Each node that is named is given to `onRead`, which may refuse it. */
export function resolvedScope(
  manifest: Manifest,
  given: {
    readonly home: Home;
    readonly model: Readonly<Record<string, Value>>;
    readonly relation: Relation | undefined;
    readonly entries: ConfigEntries;
  },
  onRead: (dependency: Dependency, call: string) => void,
  valueOf: (node: RefNode | SourceNode) => Relation = relationOf,
): NodeScope {
  const { names } = manifest;
  return {
    get model() {
      return given.model;
    },
    relation: given.relation,
    ref: (call) => {
      const node = resolveRef(names, call, given.home);
      onRead({ uniqueId: node.uniqueId, origin: call.origin }, `ref('${call.name}')`);
      return valueOf(node);
    },
    refAll: (call) =>
      resolveRefs(names, { ...call, datasets: 'all' }, given.home).flatMap((node) => {
        onRead({ uniqueId: node.uniqueId, origin: call.origin }, `ref_all('${call.name}')`);
        const relation = valueOf(node);
        const columnsOf = relation.type === 'cte' ? keptAs(node) : relation.relationName;
        const described = node.columns.map(({ name }) => name);
        return node.dataset ? { dataset: node.dataset, relation, columnsOf, described } : [];
      }),
    source: (sourceName, tableName, origin) => {
      const node = resolveSource(names, { sourceName, tableName, origin }, given.home);
      onRead({ uniqueId: node.uniqueId, origin }, `source('${sourceName}', '${tableName}')`);
      return valueOf(node);
    },
    metric: (names) => names.at(-1) ?? null,
    configure: () => {},
    configured: (key) => {
      const value = given.entries.get(key)?.value;
      return value === undefined || value === null ? undefined : fromJs(value);
    },
    configuredKeys: () => given.entries.keys(),
  };
}

/**
 * The scope of a node that runs: of models, seeds and snapshots it may read what it was seen to read while the project was read, and
 * nothing else. Sources are there whatever runs, so one may be found out late, as in dbt.
 */
export function runScope(
  manifest: Manifest,
  node: CompiledOrSource,
  { batch, arguments: given }: Pick<Moment, 'batch' | 'arguments'>,
): NodeScope {
  const known = new Set(dependenciesOf(node).map((dependency) => dependency.uniqueId));
  return resolvedScope(
    manifest,
    {
      home: node,
      get model() {
        return { ...runDictionary(manifest, node), ...(batch ? { batch: batchValue(batch) } : {}) };
      },
      relation: createRelation(node.kind === 'test' ? failuresOf(manifest, node) : node.relation),
      entries: node.entries,
    },
    ({ uniqueId, origin }, call) => {
      if (known.has(uniqueId) || manifest.byId.get(uniqueId)?.kind === 'source') return;
      throw new ConfigError(
        `${call} is only reached while the node runs, so it was not known when the run was planned`,
        {
          code: 'ref_unplanned',
          origin,
          next: `Add this line to the template: -- depends_on: {{ ${call} }}`,
        },
      );
    },
    (read) => {
      const relation = relationFor(read, given);
      const stretch = stretchOf(batch, given.sample);
      return stretch ? batchOf(manifest, read, relation, stretch) : relation;
    },
  );
}

/** `this` of a test: where its failures would be kept. */
function failuresOf(manifest: Manifest, node: TestNode): RelationName {
  return {
    database: manifest.scope.databaseName,
    schema: node.auditSchema,
    identifier: aliasOf(node),
  };
}

/** The relation that a run reads for a node: of another environment where that is said, empty where no rows are wanted. */
function relationFor(node: RefNode | SourceNode, given: RunArguments): Relation {
  const elsewhere = given.deferred[node.uniqueId];
  const relation = elsewhere ? createRelation(elsewhere, 'table') : relationOf(node);
  if (!given.isEmpty || relation.type === 'cte') return relation;
  const query = `(select * from ${relation.toString()} where false limit 0) _dbt_limit_subq_${relation.relationName.identifier}`;
  return narrowedRelation(relation, query);
}

/** The time whose rows are read: of a batch only what is in the sample, too. */
function stretchOf(batch: Moment['batch'], sample: RunArguments['sample']): Moment['batch'] {
  if (!batch || !sample) return batch ?? sample;
  return {
    startMs: Math.max(batch.startMs, sample.startMs),
    endMs: Math.min(batch.endMs, sample.endMs),
  };
}

/** The rows of one batch of what has an `event_time`; all rows of what has none. */
function batchOf(
  manifest: Manifest,
  node: RefNode | SourceNode,
  relation: Relation,
  batch: NonNullable<Moment['batch']>,
): Relation {
  if (node.config.eventTime === undefined) return relation;
  const rows = `(select * from ${relation.toString()} where ${withinSql(node.config.eventTime, batch)})`;
  const needsAlias = manifest.scope.dialectName === 'postgres';
  return narrowedRelation(
    relation,
    needsAlias ? `${rows} _dbt_et_filter_subq_${node.relation.identifier}` : rows,
  );
}

function batchValue({ startMs, endMs }: NonNullable<Moment['batch']>): Value {
  return {
    id: new Date(startMs).toISOString().slice(0, 10).replaceAll('-', ''),
    event_time_start: dateTime(startMs),
    event_time_end: dateTime(endMs),
  };
}

const dictionaries = new WeakMap<CompiledOrSource, Readonly<Record<string, Value>>>();

/** dbt's dictionary of a node, as its manifest has it; made once. */
export function runDictionary(manifest: Manifest, node: CompiledOrSource): Readonly<Record<string, Value>> {
  let dictionary = dictionaries.get(node);
  if (!dictionary) {
    const root = manifest.folders.get(node.packageName) ?? '';
    const entry = entryOf(manifest, node, { createdAtSeconds: Date.now() / 1000, root });
    const values = Object.entries(entry).map(([key, value]): [string, Value] => [key, fromJs(value)]);
    dictionaries.set(node, (dictionary = Object.fromEntries(values)));
  }
  return dictionary;
}
