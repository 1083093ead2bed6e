import { plainText } from './files/plain-value.ts';
import type { ConnectionProvider } from '../connector/connection.ts';
import { ConfigError, MillraceError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { textOf } from './artifacts/json-part.ts';
import type { Freshness } from './artifacts/sources-artifact.ts';
import { createRelation } from './context/relation.ts';
import { mergedFreshness } from './manifest/freshness-config.ts';
import type { SourceNode } from './manifest/transform-node.ts';
import type { TransformProject } from './project.ts';
import { openWarehouse, type Warehouse } from './warehouse.ts';

const periodMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Whether a freshness is asked for. */
export function hasFreshness(node: SourceNode): boolean {
  const criteria = mergedFreshness(node);
  return (
    criteria !== null &&
    (limitMs(node, criteria, 'warn_after') ?? limitMs(node, criteria, 'error_after')) !== undefined
  );
}

/** Measures the sources one after the other, and tells each as it is known. */
export async function measureFreshness(
  project: TransformProject,
  connections: ConnectionProvider,
  sources: readonly SourceNode[],
  onMeasured: (freshness: Freshness) => void,
): Promise<readonly Freshness[]> {
  const warehouse = await openWarehouse(project, connections);
  const found: Freshness[] = [];
  for (const node of sources) {
    const freshness = await measure(warehouse, node);
    onMeasured(freshness);
    found.push(freshness);
  }
  return found;
}

async function measure(warehouse: Warehouse, node: SourceNode): Promise<Freshness> {
  const startedAtMs = Date.now();
  const criteria = mergedFreshness(node) ?? {};
  const about = { id: node.uniqueId, criteria, startedAtMs };
  try {
    const { rows } = await warehouse.database.query(freshnessSql(node, criteria));
    const [newest, now] = rows[0] ?? [];
    if (newest === null || newest === undefined) {
      throw new ConfigError(`${node.sourceName}.${node.name} has no row with a time`, {
        code: 'source_empty',
      });
    }
    const maxLoadedAtMs = Number(newest) * 1000;
    const snapshottedAtMs = Number(now) * 1000;
    const status = statusOf(node, criteria, snapshottedAtMs - maxLoadedAtMs);
    return { ...about, status, maxLoadedAtMs, snapshottedAtMs, finishedAtMs: Date.now() };
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return { ...about, status: 'runtime error', error: error.message, finishedAtMs: Date.now() };
  }
}

function freshnessSql(node: SourceNode, criteria: JsonObject): string {
  const query = textOf(node.config.all['loaded_at_query']);
  const field = textOf(node.config.all['loaded_at_field']);
  if (query === undefined && field === undefined) {
    throw new ConfigError(
      `${node.sourceName}.${node.name} names neither a loaded_at_field nor a loaded_at_query`,
      {
        code: 'freshness_invalid',
        origin: node.origin,
      },
    );
  }
  const relation = createRelation(node.relation).toString();
  const filter = textOf(criteria['filter']);
  const newest =
    query === undefined
      ? `select max(${field}) as max_loaded_at from ${relation}${filter === undefined ? '' : ` where ${filter}`}`
      : `select (${query.replace(/[\s;]+$/, '')}) as max_loaded_at`;
  return `select extract(epoch from max_loaded_at), extract(epoch from now()) from (${newest}) as newest`;
}

function statusOf(node: SourceNode, criteria: JsonObject, ageMs: number): 'pass' | 'warn' | 'error' {
  const isOver = (key: 'warn_after' | 'error_after'): boolean => {
    const limit = limitMs(node, criteria, key);
    return limit !== undefined && ageMs > limit;
  };
  if (isOver('error_after')) return 'error';
  return isOver('warn_after') ? 'warn' : 'pass';
}

function limitMs(
  node: SourceNode,
  criteria: JsonObject,
  key: 'warn_after' | 'error_after',
): number | undefined {
  const rule = criteria[key];
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule)) return undefined;
  const { count, period } = rule as JsonObject;
  if (count === null || count === undefined || period === null || period === undefined) return undefined;
  const unit = periodMs[plainText(period)];
  if (unit === undefined || typeof count !== 'number') {
    throw new ConfigError(
      `"${key}" of ${node.sourceName}.${node.name} is a count and a period (minute, hour or day), not ${JSON.stringify(rule)}`,
      { code: 'freshness_invalid', origin: node.origin },
    );
  }
  return count * unit;
}
