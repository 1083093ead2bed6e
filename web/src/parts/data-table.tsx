import type { ReactNode } from 'react';
import type { TablePayload } from '../../../src/server/contract.ts';
import { formatCell, formatNumber, isNumericType } from '../format.ts';

interface DataTableProps {
  readonly caption: string;
  readonly data: TablePayload;
  /** How numbers of `formatted` columns are written. */
  readonly format?: string | undefined;
  readonly formatted?: readonly string[];
}

/** Rows as they came, numbers to the right, nulls marked as such. */
export function DataTable({ caption, data, format, formatted = [] }: DataTableProps): ReactNode {
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={caption}>
      <table className="data">
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            {data.columns.map((column) => (
              <th key={column.name} scope="col" className={alignment(column.type)} title={column.type}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.rows.map((row, index) => (
            <tr key={index}>
              {data.columns.map((column, position) => (
                <td key={column.name} className={alignment(column.type)}>
                  {cell(row[position], formatted.includes(column.name) ? format : undefined, column.type)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {data.truncated && <p className="quiet pad">Only the first {data.rows.length} rows are shown.</p>}
      {data.rows.length === 0 && <p className="quiet pad">No rows.</p>}
    </div>
  );
}

function alignment(type: string): string | undefined {
  return isNumericType(type) ? 'number' : undefined;
}

function cell(value: unknown, format: string | undefined, type: string): ReactNode {
  if (value === null || value === undefined) return <span className="null">null</span>;
  if (format !== undefined && value !== '' && Number.isFinite(Number(value))) {
    return formatNumber(Number(value), format);
  }
  const text = formatCell(value);
  return /^timestamp/i.test(type) ? text.replace('T', ' ') : text;
}
