import type { ReactNode } from 'react';
import type { TableColumn, TablePayload } from '../../../src/server/contract.ts';
import { formatCell, formatNumber, groupDigits, isIdentifier, isNumericType } from '../format.ts';

interface DataTableProps {
  readonly caption: string;
  readonly data: TablePayload;
  /** Writes amounts for people; without it every value is shown as it came. */
  readonly forPeople?: boolean;
  /** How numbers of the `formatted` columns are written. */
  readonly format?: string | undefined;
  readonly formatted?: readonly string[];
}

/** Rows with numbers to the right and nulls marked as such. */
export function DataTable(props: DataTableProps): ReactNode {
  const { caption, data } = props;
  return (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={caption}>
      <table className="data">
        <caption className="unseen">{caption}</caption>
        <thead>
          <tr>
            {data.columns.map((column) => (
              <th key={column.name} scope="col" className={alignment(column)} title={column.type}>
                {column.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.rows.map((row, index) => (
            <tr key={index}>
              {data.columns.map((column, position) => (
                <td key={column.name} className={alignment(column)}>
                  <Cell value={row[position]} column={column} table={props} />
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

function alignment(column: TableColumn): string | undefined {
  return isNumericType(column.type) ? 'number' : undefined;
}

interface CellProps {
  readonly value: unknown;
  readonly column: TableColumn;
  readonly table: DataTableProps;
}

function Cell({ value, column, table }: CellProps): ReactNode {
  if (value === null || value === undefined) return <span className="null">null</span>;
  const text = formatCell(value);
  if (/^timestamp/i.test(column.type)) return text.replace('T', ' ');
  if (!table.forPeople || !isNumericType(column.type) || isIdentifier(column.name)) return text;
  if (table.format === undefined || !table.formatted?.includes(column.name)) return groupDigits(text);
  return Number.isFinite(Number(text)) ? formatNumber(Number(text), table.format) : text;
}
