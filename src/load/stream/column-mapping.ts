import { nearest } from '../../core/near-name.ts';
import { camelCase, snakeCase } from '../expression/functions/name-casing.ts';
import { ConfigError, DataError } from '../../core/errors.ts';
import type { Column, DataType } from '../../sql/data-type.ts';
import type { RowExpression } from '../expression/row-expression.ts';
import { typedBy } from '../replication/column-typing.ts';
import type { ColumnCasing, StreamConfig } from '../replication/replication.ts';
import { followsKeys } from '../replication/stream-mode.ts';
import { chooseColumns, namedColumns } from '../replication/selection.ts';
import { computeColumns } from './computed-columns.ts';
import { constantNames } from './constant-columns.ts';

/** One column of a stream and what it becomes. */
export interface MappedColumn {
  /** As the source's catalogue tells it. */
  readonly source: Column;
  /** Name in the target. */
  readonly name: string;
  /** Type wanted in the target: the source's, or the cast's. */
  readonly type: DataType;
  /** What is made of the staged values; absent for the values themselves. */
  readonly computed?: RowExpression;
}

/** A column that is made out of others when rows are published. */
export interface AddedColumn {
  readonly name: string;
  readonly type: DataType;
  readonly computed: RowExpression;
}

/** A stream's columns and keys, found in its catalogue. */
export interface ColumnMapping {
  readonly columns: readonly MappedColumn[];
  readonly primaryKey: readonly MappedColumn[];
  readonly updateKey?: MappedColumn;
  readonly added: readonly AddedColumn[];
}

/**
 * Maps the columns that a stream asks for.
 * @param targetNames existing columns of the target, which lend their capitals
 * @throws DataError code `column_missing` when a column that is named by the stream is not in the source
 */
export function mapColumns(
  stream: StreamConfig,
  available: readonly Column[],
  targetNames: readonly string[],
): ColumnMapping {
  const find = (name: string): Column | undefined => findByName(available, name);
  const require = (name: string, usedIn: string): Column => {
    const found = find(name);
    if (!found) throw columnMissing(stream, name, usedIn, available);
    return found;
  };
  for (const name of namedColumns(stream.select)) require(name, 'select');
  for (const [name, rule] of Object.entries(stream.rules)) {
    const column = name === '*' ? undefined : require(name, 'columns');
    if (rule.geometry && column && column.type.type !== 'bytes') throw noGeometry(stream, column);
  }
  const casts = new Map<Column, DataType>();
  const adds = new Set(
    stream.transforms.flatMap((stage) => Object.keys(stage)).filter((name) => !find(name)),
  );
  for (const [name, type] of Object.entries(stream.casts))
    if (name !== '*' && !adds.has(name)) casts.set(require(name, 'columns'), type);

  const constants = constantNames(stream);
  const chosen = chooseColumns(
    stream.select,
    available.map((column) => column.name),
  ).filter(({ source, alias }) => !constants.has((alias ?? source).toLowerCase()));
  const added = available.filter(
    ({ name }) =>
      isMetadata(stream, name) && !constants.has(name) && !chosen.some(({ source }) => source === name),
  );
  const asked = [...chosen, ...added.map(({ name }) => ({ source: name, alias: undefined }))];
  const staged = asked.map(({ source: name, alias }) => {
    const source = require(name, 'select');
    return { source, name: alias ?? targetName(source.name, stream.target.columnCasing, targetNames) };
  });
  const computed = computeColumns(stream, staged, find, (name) =>
    find(name)
      ? keyNotSelected(stream, name, 'transforms')
      : columnMissing(stream, name, 'transforms', available),
  );
  const columns = staged.map(({ source, name }): MappedColumn => {
    const expression = computed.changed.get(source);
    return {
      source,
      name,
      type: isMetadata(stream, source.name)
        ? source.type
        : (casts.get(source) ??
          stream.casts['*'] ??
          typedBy(stream.target.columnTyping, expression?.type ?? source.type)),
      ...(expression ? { computed: expression } : {}),
    };
  });
  const made = computed.added.map(({ name, expression }): AddedColumn => ({
    name: targetName(name, stream.target.columnCasing, targetNames),
    type: stream.casts[name] ?? stream.casts['*'] ?? typedBy(stream.target.columnTyping, expression.type),
    computed: expression,
  }));
  requireDistinct(stream, [...columns, ...made.map((column) => ({ ...column, source: column }))]);
  const keyColumn = (name: string, usedIn: string): MappedColumn => {
    const source = require(name, usedIn);
    const mapped = columns.find((column) => column.source === source);
    if (!mapped) throw keyNotSelected(stream, name, usedIn);
    return mapped;
  };
  const { primaryKey, updateKey } = usedKeys(stream, (name) => find(name) !== undefined);
  return {
    columns,
    added: made,
    primaryKey: primaryKey.map((name) => keyColumn(name, 'primary_key')),
    ...(updateKey === undefined ? {} : { updateKey: keyColumn(updateKey, 'update_key') }),
  };
}

/** A load that needs no keys, such as a full refresh, goes without those that its stream lacks. */
function usedKeys(
  stream: StreamConfig,
  isThere: (name: string) => boolean,
): Pick<StreamConfig, 'primaryKey' | 'updateKey'> {
  const { primaryKey, updateKey, mode, target, range } = stream;
  if (followsKeys(mode)) return stream;
  const needsTime = target.parts !== undefined || range !== undefined;
  return {
    primaryKey: primaryKey.every(isThere) ? primaryKey : [],
    ...(updateKey !== undefined && (needsTime || isThere(updateKey)) ? { updateKey } : {}),
  };
}

/** What the source adds because the stream asks for it is not left out by `select`, nor cast by `'*'`. */
function isMetadata({ metadata, updateKey }: StreamConfig, name: string): boolean {
  return (
    metadata.some((column) => name === `_sling_${column}`) ||
    (name === '_sling_loaded_at' && updateKey === name)
  );
}

/** Finds by exact name first, then without regard to capitals. */
export function findByName<T extends { readonly name: string }>(
  items: readonly T[],
  name: string,
): T | undefined {
  return (
    items.find((item) => item.name === name) ??
    items.find((item) => item.name.toLowerCase() === name.toLowerCase())
  );
}

/** A column's name in the target. An existing column of that name keeps its own capitals. */
export function targetName(name: string, casing: ColumnCasing, existing: readonly string[]): string {
  const cased = casings[casing](name);
  if (casing === 'source') return cased;
  return (
    findByName(
      existing.map((column) => ({ name: column })),
      cased,
    )?.name ?? cased
  );
}

const casings: Readonly<Record<ColumnCasing, (name: string) => string>> = {
  source: (name) => name,
  lower: (name) => name.toLowerCase(),
  target: (name) => name.toLowerCase(),
  upper: (name) => name.toUpperCase(),
  snake: snakeCase,
  camel: camelCase,
  normalize: (name) => (/^[A-Z0-9_]+$/.test(name) ? name.toLowerCase() : name),
};

interface NamedColumn {
  readonly name: string;
  readonly source: { readonly name: string };
}

function requireDistinct(stream: StreamConfig, columns: readonly NamedColumn[]): void {
  const seen = new Map<string, NamedColumn>();
  for (const column of columns) {
    const key = column.name.toLowerCase();
    const other = seen.get(key);
    if (other) {
      throw new ConfigError(
        `stream ${stream.name}: the columns '${other.source.name}' and '${column.source.name}' would both be named '${column.name}'`,
        {
          code: 'column_ambiguous',
          origin: stream.origin,
          next: `Rename one in select:, such as '${column.source.name} as ${column.name}_2', or leave one out`,
        },
      );
    }
    seen.set(key, column);
  }
  if (columns.length === 0) {
    throw new ConfigError(`stream ${stream.name}: select leaves no column`, {
      code: 'select_empty',
      origin: stream.origin,
    });
  }
}

/** Shapes come as WKB, or not as such. */
function noGeometry({ name, origin }: StreamConfig, column: Column): ConfigError {
  return new ConfigError(
    `stream ${name}: the column '${column.name}' is ${column.type.type}, and no geometry as WKB`,
    {
      code: 'type_unknown',
      origin,
      next: `Give it as WKB in sql:, such as st_asbinary(${column.name}), or leave its type out`,
    },
  );
}

function columnMissing(
  stream: StreamConfig,
  name: string,
  usedIn: string,
  available: readonly Column[],
): DataError {
  const names = available.map((column) => column.name);
  const near = nearest(name, names);
  return new DataError(
    `stream ${stream.name} has no column '${name}', which ${usedIn} names${near ? `; did you mean '${near}'?` : ''}`,
    {
      code: 'column_missing',
      origin: stream.origin,
      state: `Nothing was changed. The source has: ${names.join(', ')}`,
      next: `Correct ${usedIn}, or bring the column back at the source`,
    },
  );
}

function keyNotSelected(stream: StreamConfig, name: string, usedIn: string): ConfigError {
  return new ConfigError(`stream ${stream.name}: select leaves out '${name}', which is in its ${usedIn}`, {
    code: 'key_not_selected',
    origin: stream.origin,
    next: `Add '${name}' to select:`,
  });
}
