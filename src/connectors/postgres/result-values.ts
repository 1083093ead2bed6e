import pg from 'pg';
import type { ResultSet } from '../../connector/result-set.ts';
import { dataTypeOf } from './column-type.ts';

type Parse = (text: string) => unknown;

const { builtins } = pg.types;

/** Reads the text of any array; its elements stay text. */
const parseTextArray: (text: string) => unknown[] = pg.types.getTypeParser(1009 as never);

/** Types that a result's rows may hold, by OID; all others are text. */
const typeNames: ReadonlyMap<number, string> = new Map([
  [builtins.BOOL, 'bool'],
  [builtins.INT2, 'int2'],
  [builtins.INT4, 'int4'],
  [builtins.INT8, 'int8'],
  [builtins.OID, 'oid'],
  [builtins.FLOAT4, 'float4'],
  [builtins.FLOAT8, 'float8'],
  [builtins.NUMERIC, 'numeric'],
  [builtins.VARCHAR, 'varchar'],
  [builtins.BPCHAR, 'bpchar'],
  [builtins.BYTEA, 'bytea'],
  [builtins.DATE, 'date'],
  [builtins.TIME, 'time'],
  [builtins.TIMETZ, 'timetz'],
  [builtins.TIMESTAMP, 'timestamp'],
  [builtins.TIMESTAMPTZ, 'timestamptz'],
  [builtins.INTERVAL, 'interval'],
  [builtins.UUID, 'uuid'],
  [builtins.JSON, 'json'],
  [builtins.JSONB, 'jsonb'],
]);

/** Array OIDs of the types above. */
const elementOids: ReadonlyMap<number, number> = new Map([
  [1000, builtins.BOOL],
  [1005, builtins.INT2],
  [1007, builtins.INT4],
  [1016, builtins.INT8],
  [1021, builtins.FLOAT4],
  [1022, builtins.FLOAT8],
  [1231, builtins.NUMERIC],
  [1009, builtins.TEXT],
  [1015, builtins.VARCHAR],
  [1014, builtins.BPCHAR],
  [1001, builtins.BYTEA],
  [1182, builtins.DATE],
  [1183, builtins.TIME],
  [1270, builtins.TIMETZ],
  [1187, builtins.INTERVAL],
  [1115, builtins.TIMESTAMP],
  [1185, builtins.TIMESTAMPTZ],
  [2951, builtins.UUID],
  [199, builtins.JSON],
  [3807, builtins.JSONB],
]);

const scalarParsers: ReadonlyMap<number, Parse> = new Map<number, Parse>([
  [builtins.BOOL, (text) => text === 't' || text === 'true'],
  [builtins.INT2, Number],
  [builtins.INT4, Number],
  [builtins.OID, Number],
  [builtins.INT8, exactInteger],
  [builtins.FLOAT4, Number],
  [builtins.FLOAT8, Number],
  [builtins.BYTEA, (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'))],
  [builtins.TIMESTAMP, isoTimestamp],
  [builtins.TIMESTAMPTZ, isoTimestamp],
  [builtins.JSON, (text) => JSON.parse(text) as unknown],
  [builtins.JSONB, (text) => JSON.parse(text) as unknown],
]);

function exactInteger(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

/** `2024-05-01 10:00:00.5+00` becomes `2024-05-01T10:00:00.5Z`; what is no ISO date stays. */
function isoTimestamp(text: string): string {
  return text.endsWith('BC') ? text : text.replace(/^(\d+-\d+-\d+) /, '$1T').replace(/\+00$/, 'Z');
}

/** How `pg` is to read the text of a type. */
export const resultTypes: pg.CustomTypesConfig = {
  getTypeParser: (oid: number): Parse => {
    const element = elementOids.get(oid);
    if (element === undefined) return scalarParsers.get(oid) ?? String;
    const parse = scalarParsers.get(element) ?? String;
    return (text) => mapArray(parseTextArray(text), parse);
  },
};

function mapArray(items: unknown[], parse: Parse): unknown[] {
  return items.map((item) => {
    if (Array.isArray(item)) return mapArray(item, parse);
    return typeof item === 'string' ? parse(item) : null;
  });
}

/** The last result of what was run, since a text may hold several statements. */
export function toResultSet(answer: pg.QueryArrayResult | pg.QueryArrayResult[]): ResultSet {
  const result = Array.isArray(answer) ? answer.at(-1) : answer;
  return {
    columns: (result?.fields ?? []).map((field) => {
      const element = elementOids.get(field.dataTypeID);
      return {
        name: field.name,
        type: dataTypeOf({
          name: field.name,
          typeName: typeNames.get(field.dataTypeID) ?? 'text',
          builtIn: true,
          elementName: element === undefined ? undefined : (typeNames.get(element) ?? 'text'),
          modifier: field.dataTypeModifier,
          nullable: true,
        }),
        nullable: true,
      };
    }),
    rows: result?.rows ?? [],
  };
}

/** Rows that the last statement changed. */
export function changedRows(answer: pg.QueryResult | pg.QueryResult[]): number {
  const result = Array.isArray(answer) ? answer.at(-1) : answer;
  return result?.rowCount ?? 0;
}
