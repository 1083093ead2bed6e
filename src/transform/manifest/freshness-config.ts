import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { SourceNode } from './transform-node.ts';

/**
 * `freshness` of a source table: what the table says over what its source says, as dbt merges them. Null when either one
 * switches it off.
 */
export function mergedFreshness(node: SourceNode): JsonObject | null {
  const { properties } = node.details;
  const ofSource = objectOf(properties['source']);
  const inProject = node.entries.get('freshness')?.value;
  const written = [
    ...[ofSource, properties].flatMap((entry) => [
      entry['freshness'],
      objectOf(entry['config'])['freshness'],
    ]),
  ].filter((value) => value !== undefined);
  if (written.length === 0) written.push(inProject === undefined ? {} : (inProject as JsonValue));
  if (written.at(-1) === null) return null;
  const layers = written.filter((value) => value !== null).map((value) => objectOf(value));
  const rule = (key: string): JsonObject => {
    const found = layers.map((layer) => layer[key]).findLast((value) => value !== undefined);
    const { count, period } = objectOf(found);
    return { count: count ?? null, period: period ?? null };
  };
  const filter = layers.map((layer) => layer['filter']).findLast((value) => typeof value === 'string');
  return { warn_after: rule('warn_after'), error_after: rule('error_after'), filter: filter ?? null };
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
