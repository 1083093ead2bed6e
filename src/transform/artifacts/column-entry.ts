import { plainText } from '../files/plain-value.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import { listOf, objectOf, objectsOf } from './json-part.ts';

/** `columns` of a node: by name, with every key that dbt writes. */
export function columnEntries(properties: JsonObject): JsonObject {
  return Object.fromEntries(
    objectsOf(properties['columns']).map((column) => {
      const name = plainText(column['name']);
      return [name, columnEntry(name, column)];
    }),
  );
}

function columnEntry(name: string, column: JsonObject): JsonObject {
  const config = objectOf(column['config']);
  const meta = { ...objectOf(column['meta']), ...objectOf(config['meta']) };
  const tags = [...listOf(column['tags']), ...listOf(config['tags'])];
  const rest = Object.fromEntries(
    Object.entries(column).filter(([key, value]) => !handled.has(key) && value !== null),
  );
  return {
    name,
    description: column['description'] ?? '',
    meta,
    data_type: column['data_type'] ?? null,
    constraints: constraintEntries(column['constraints']),
    quote: column['quote'] ?? null,
    config: { meta: objectOf(config['meta']), tags: listOf(config['tags']), ...onlyOwn(config) },
    tags,
    granularity: column['granularity'] ?? null,
    ...rest,
  };
}

function onlyOwn(config: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== 'meta' && key !== 'tags'));
}

const handled = new Set([
  'name',
  'description',
  'meta',
  'data_type',
  'constraints',
  'quote',
  'config',
  'tags',
  'granularity',
  'tests',
  'data_tests',
  'docs',
]);

/** Constraints of a column or, with `columns`, of a model. */
export function constraintEntries(written: JsonValue | undefined, isOfModel = false): readonly JsonObject[] {
  return objectsOf(written).map((constraint) => ({
    type: constraint['type'] ?? null,
    name: constraint['name'] ?? null,
    expression: constraint['expression'] ?? null,
    warn_unenforced: constraint['warn_unenforced'] ?? true,
    warn_unsupported: constraint['warn_unsupported'] ?? true,
    to: constraint['to'] ?? null,
    to_columns: listOf(constraint['to_columns']),
    ...(isOfModel ? { columns: listOf(constraint['columns']) } : {}),
  }));
}
