import { setTimeout as wait } from 'node:timers/promises';
import type { SqlSession } from '../connector/connection.ts';
import { TransientError } from '../core/errors.ts';
import type { ColumnDoc } from '../core/node.ts';
import type { RelationColumn } from './context/template-database.ts';
import type { Moment } from './context/render-scope.ts';
import { overridesOf } from './macro-overrides.ts';
import { contractOf } from './manifest/contract.ts';
import type { RefNode } from './manifest/transform-node.ts';
import type { Build, RelationType } from './materialize/build.ts';
import type { Manifest } from './reading/manifest.ts';
import type { Step } from './step.ts';

/** Two writers of DuckDB's catalogue may collide; the loser tries again. */
const maxConflictTries = 6;
const conflictDelayMs = 50;

/** What is needed to build a node's relation in the session's transaction. */
export function buildOf(
  step: Step,
  node: RefNode,
  { session, moment }: { readonly session: SqlSession; readonly moment: Moment },
  existing: RelationType | undefined,
  leftover: RelationType | undefined,
): Build {
  return {
    session,
    dialect: step.warehouse.database.dialect,
    relation: node.relation,
    existing,
    leftover,
    signal: step.context.signal,
    contract: node.kind === 'model' ? contractOf(node) : undefined,
    overrides: overridesOf(step, node, moment),
    ownViews: ownViewsOf(step.project.manifest),
    log: (message, level) => step.context.log(message, level),
  };
}

const ownViews = new WeakMap<Manifest, ReadonlySet<string>>();

/** The models of a project as `schema.name` in lower case. */
function ownViewsOf(manifest: Manifest): ReadonlySet<string> {
  const known = ownViews.get(manifest);
  if (known) return known;
  const names = new Set(
    [...manifest.byId.values()].flatMap((node) =>
      node.kind === 'model' ? [`${node.relation.schema}.${node.relation.identifier}`.toLowerCase()] : [],
    ),
  );
  ownViews.set(manifest, names);
  return names;
}

/** The columns as they are, with their descriptions. */
export function documented(
  columns: readonly RelationColumn[],
  docs: readonly ColumnDoc[],
): readonly ColumnDoc[] {
  const described = new Map(docs.map((column) => [column.name.toLowerCase(), column.description]));
  return columns.map(({ name, dataType }) => {
    const description = described.get(name.toLowerCase());
    return { name, dataType, ...(description === undefined ? {} : { description }) };
  });
}

/** Runs a transaction again when another writer was faster. */
export async function retryingConflicts<T>(step: Step, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const isConflict = error instanceof TransientError && error.code === 'transaction_conflict';
      if (!isConflict || attempt >= maxConflictTries) throw error;
      step.context.log(`another writer was faster, trying again: ${error.message}`, 'debug');
      const delayMs = conflictDelayMs * 2 ** attempt * (0.5 + Math.random());
      await wait(delayMs, undefined, { signal: step.context.signal });
    }
  }
}
