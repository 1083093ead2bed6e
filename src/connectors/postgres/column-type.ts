import type { Column, DataType } from '../../sql/data-type.ts';
import { postgresDialect } from '../../sql/dialects/index.ts';
import type { WireForm } from './copy-vectors.ts';

/** A column as PostgreSQL's catalogue or a row description tells it, domains resolved. */
export interface CatalogueColumn {
  readonly name: string;
  /** `pg_type.typname`. */
  readonly typeName: string;
  /** Built-in types of `pg_catalog` are told by name; all others travel as their text. */
  readonly builtIn: boolean;
  /** Name of the element type, for arrays. */
  readonly elementName: string | undefined;
  /** -1 when there is none. */
  readonly modifier: number;
  readonly nullable: boolean;
}

const simpleTypes: Readonly<Record<string, DataType>> = {
  bool: { type: 'boolean' },
  int2: { type: 'int16' },
  int4: { type: 'int32' },
  int8: { type: 'int64' },
  oid: { type: 'int64' },
  float4: { type: 'float32' },
  float8: { type: 'float64' },
  money: { type: 'decimal', precision: 21, scale: 2 },
  text: { type: 'text' },
  name: { type: 'text' },
  bytea: { type: 'bytes' },
  date: { type: 'date' },
  time: { type: 'time' },
  timetz: { type: 'timetz' },
  timestamp: { type: 'timestamp' },
  timestamptz: { type: 'timestamptz' },
  interval: { type: 'interval' },
  uuid: { type: 'uuid' },
  json: { type: 'json' },
  jsonb: { type: 'json' },
};

/** Types whose binary form is that of the type which `postgresDialect` creates for their data type. */
const passedThrough: ReadonlySet<string> = new Set([
  'bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'numeric', 'text', 'varchar', 'name',
  'bytea', 'date', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval', 'uuid', 'jsonb',
]); // prettier-ignore

/** `atttypmod` counts four bytes of header for these types. */
const modifierHeader = 4;

/** What nothing else fits is text: enums, composites, ranges, networks, extensions' types. */
export function dataTypeOf(column: CatalogueColumn): DataType {
  const { typeName, modifier } = column;
  if (column.elementName !== undefined) return arrayType(column, column.elementName);
  if (!column.builtIn) return { type: 'text' };
  if (typeName === 'numeric') return numericType(modifier);
  if (typeName === 'varchar' || typeName === 'bpchar') {
    return modifier < 0 ? { type: 'text' } : { type: 'text', maxLength: modifier - modifierHeader };
  }
  return simpleTypes[typeName] ?? { type: 'text' };
}

function arrayType(column: CatalogueColumn, elementName: string): DataType {
  const element = dataTypeOf({ ...column, typeName: elementName, elementName: undefined });
  return { type: 'array', element: element.type === 'text' ? { type: 'text' } : element };
}

/** Scales below zero or above the precision have no counterpart elsewhere and stay unconstrained. */
function numericType(modifier: number): DataType {
  if (modifier < 0) return { type: 'decimal' };
  const packed = modifier - modifierHeader;
  const precision = packed >> 16;
  const scale = ((packed & 0x7ff) ^ 1024) - 1024;
  return scale < 0 || scale > precision ? { type: 'decimal' } : { type: 'decimal', precision, scale };
}

export function columnOf(column: CatalogueColumn): Column {
  return { name: column.name, type: dataTypeOf(column), nullable: column.nullable };
}

/** The column in a SELECT whose binary form PostgreSQL takes as the data type's own. */
export function passthroughExpression(column: CatalogueColumn): string {
  const name = postgresDialect.quote(column.name);
  const kept = column.builtIn && column.elementName === undefined && passedThrough.has(column.typeName);
  return kept ? name : castExpression(column, name);
}

/** Casting `inet` to text adds the mask of a single host, which its own output does not. */
function castExpression(column: CatalogueColumn, name: string): string {
  const isInet = column.builtIn && column.elementName === undefined && column.typeName === 'inet';
  if (isInet) return `case when ${name} is not null then format('%s', ${name}) end`;
  return `${name}::${postgresDialect.typeName(dataTypeOf(column))}`;
}

/** The column in a SELECT whose binary form `vectorDecoder` takes, and that form. */
export function vectorExpression(column: CatalogueColumn): { readonly sql: string; readonly wire: WireForm } {
  const name = postgresDialect.quote(column.name);
  const type = dataTypeOf(column);
  if (type.type === 'array') return { sql: `to_json(${name}::text[])::text`, wire: 'plain' };
  if (type.type === 'decimal' && (type.precision === undefined || type.precision > 38)) {
    return { sql: `${name}::text`, wire: 'plain' };
  }
  if (type.type === 'timetz') return { sql: `${name}::text`, wire: 'plain' };
  if (column.builtIn && column.typeName === 'jsonb') return { sql: name, wire: 'jsonb' };
  if (column.builtIn && (column.typeName === 'json' || passedThrough.has(column.typeName)))
    return { sql: name, wire: 'plain' };
  return { sql: castExpression(column, name), wire: 'plain' };
}
