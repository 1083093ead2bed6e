import { nearest } from '../core/near-name.ts';
import type { DataType, TableSchema } from '../sql/data-type.ts';
import type { Dialect } from '../sql/dialect.ts';
import { syncMistake } from './errors.ts';
import type { Sync } from './sync.ts';

/** How a sync's rows lie in the warehouse: in the copy, in the delta, and over the model. */
export interface Mapping {
  readonly keys: readonly MappedColumn[];
  readonly fields: readonly MappedField[];
}

export interface MappedColumn {
  /** Column of the model. */
  readonly source: string;
  /** Column of the state tables: `k_customer_id`, `f_external_id`. */
  readonly name: string;
  readonly type: DataType;
}

export interface MappedField extends MappedColumn {
  /** Name at the destination. */
  readonly field: string;
  /** True if the field names the row: deletes send only these. */
  readonly isKey: boolean;
}

/** Types the mapping by the model's catalogue. Throws `ConfigError` when a column is not there. */
export function mapColumns(sync: Sync, model: TableSchema, dialect: Dialect): Mapping {
  const typeOf = (column: string, origin: Sync['origin']): DataType => {
    const found = model.columns.find((candidate) => candidate.name === column);
    if (found) return found.type;
    const names = model.columns.map((candidate) => candidate.name);
    const near = nearest(column, names);
    throw syncMistake(
      `${sync.model} has no column ${column}${near ? `, did you mean '${near}'?` : ''}`,
      'column_missing',
      origin,
      `Its columns are: ${names.join(', ')}`,
    );
  };
  const mapping: Mapping = {
    keys: sync.primaryKey.map((source) => ({
      source,
      name: `k_${source}`,
      type: typeOf(source, sync.primaryKeyOrigin),
    })),
    fields: sync.fields.map(({ field, column, origin }) => ({
      field,
      source: column,
      name: `f_${field}`,
      type: typeOf(column, origin),
      isKey: sync.primaryKey.includes(column),
    })),
  };
  const long = [...mapping.keys, ...mapping.fields].find(
    ({ name }) => new TextEncoder().encode(name).length > dialect.maxIdentifierBytes,
  );
  if (!long) return mapping;
  throw syncMistake(
    `the name ${long.name.slice(2)} is longer than the ${dialect.maxIdentifierBytes - 2} bytes that ${dialect.name} leaves for it`,
    'name_too_long',
    sync.origin,
  );
}
