import { lazy, Suspense, useState, type ReactNode } from 'react';
import type { ChartBlock } from '../../../src/server/contract.ts';
import { DataTable } from '../parts/data-table.tsx';
import { FailureBlock } from '../parts/failure-block.tsx';
import { FormSwitch, type Form } from '../parts/form-switch.tsx';
import { drawnColumns } from './series.ts';

const Chart = lazy(() => import('./chart.tsx'));

/** A chart with a switch to its rows; a table has rows only. */
export function ChartFigure({ block }: { readonly block: ChartBlock }): ReactNode {
  const [form, setForm] = useState<Form>('chart');
  if (block.error) return <FailureBlock failure={block.error} title={`${block.title}: no data`} />;
  const hasRows = block.data.rows.length > 0;
  const asTable = block.chart === 'table' || block.chart === 'value' || form === 'table' || !hasRows;
  return (
    <figure className="panel chart-figure">
      <div className="panel-head">
        <figcaption>{block.title}</figcaption>
        {block.chart !== 'table' && hasRows && <FormSwitch form={form} choose={setForm} of={block.title} />}
      </div>
      {asTable ? (
        <DataTable
          caption={block.title}
          data={block.data}
          forPeople
          format={block.format}
          formatted={drawnColumns(block).y}
        />
      ) : (
        <Suspense fallback={<div className="chart-place" />}>
          <Chart block={block} />
        </Suspense>
      )}
    </figure>
  );
}
