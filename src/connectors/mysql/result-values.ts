import type { ResultSet } from '../../connector/index.ts';
import { columnOf, serverColumn, type ServerColumn, type TypeChoices } from './column-type.ts';
import type { Answer } from './statement.ts';

/** Rows of a small result as values. Dates that no calendar has stay the text that they are. */
export function toResultSet(answer: Answer, choices: TypeChoices): ResultSet {
  const columns = answer.fields.map((field) => serverColumn(field, choices, false));
  return {
    columns: columns.map((column) => columnOf(column)),
    rows: answer.rows.map((row) =>
      row.map((value, index) => (value === null ? null : parse(value, columns[index] as ServerColumn))),
    ),
  };
}

function parse(value: Buffer, { type, wire }: ServerColumn): unknown {
  switch (type.type) {
    case 'boolean':
      return wire === 'bits' ? ((value[0] ?? 0) & 1) === 1 : value.toString('latin1') !== '0';
    case 'int16':
    case 'int32':
    case 'int64':
      return exactInteger(value.toString('latin1'));
    case 'float32':
    case 'float64':
      return Number(value.toString('latin1'));
    case 'timestamp':
      return value.toString('latin1').replace(' ', 'T');
    case 'timestamptz':
      return `${value.toString('latin1').replace(' ', 'T')}Z`;
    case 'bytes':
      return new Uint8Array(wire === 'geometry' ? value.subarray(4) : value);
    case 'json':
      return JSON.parse(value.toString('utf8')) as unknown;
    case 'decimal':
    case 'text':
    case 'date':
    case 'time':
    case 'interval':
    case 'uuid':
    case 'array':
      return value.toString('utf8');
  }
}

function exactInteger(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}
