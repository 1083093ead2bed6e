import type { ReactNode } from 'react';
import type { ChartBlock } from '../../../src/server/contract.ts';
import { formatCell, formatNumber } from '../format.ts';

/** One figure: the first row of the column that is drawn. */
export function ValueTile({ block }: { readonly block: ChartBlock }): ReactNode {
  const { columns, rows } = block.data;
  const position = Math.max(
    0,
    columns.findIndex((column) => column.name === block.y?.[0]),
  );
  const value = rows[0]?.[position];
  return (
    <li className="tile">
      <span className="tile-name">{block.title}</span>
      <span className="tile-value">{valueText(value, block.format)}</span>
    </li>
  );
}

function valueText(value: unknown, format: string | undefined): string {
  if (value === null || value === undefined) return 'no value';
  const text = formatCell(value);
  return text !== '' && Number.isFinite(Number(text)) ? formatNumber(Number(text), format) : text;
}
