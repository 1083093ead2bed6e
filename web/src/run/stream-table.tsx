import type { ReactNode } from 'react';
import type { RunStep, StreamFigures } from '../../../src/server/contract.ts';
import { formatCompact, formatCount } from '../format.ts';

/** What the loads of a run did, a row for each stream. Nothing for a run without loads. */
export function StreamTable({ steps }: { readonly steps: readonly RunStep[] }): ReactNode {
  const rows = steps.flatMap(({ key, streams }) => (streams ?? []).map((figures) => ({ key, figures })));
  if (rows.length === 0) return null;
  return (
    <section className="panel" aria-labelledby="streams-title">
      <div className="panel-head">
        <h2 id="streams-title">Loads</h2>
      </div>
      <div className="table-scroll">
        <table>
          <caption className="unseen">What the loads did</caption>
          <thead>
            <tr>
              <th scope="col">Stream</th>
              {counts.map(([title]) => (
                <th key={title} scope="col" className="number">
                  {title}
                </th>
              ))}
              <th scope="col" className="number">
                Bytes
              </th>
              <th scope="col" className="number">
                Rows/s
              </th>
              <th scope="col">Watermark</th>
              <th scope="col">Lane</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ key, figures }) => (
              <tr key={`${key} ${figures.stream}`}>
                <th scope="row" title={key}>
                  {figures.stream}
                </th>
                {counts.map(([title, count]) => (
                  <td key={title} className="number">
                    {formatCount(count(figures))}
                  </td>
                ))}
                <td className="number">{formatCompact(figures.bytes)}</td>
                <td className="number">
                  {figures.rowsPerSecond === undefined ? '' : formatCompact(figures.rowsPerSecond)}
                </td>
                <td>{watermark(figures)}</td>
                <td title={figures.laneReason}>{[figures.lane, ...figures.schemaChanges].join(' · ')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

const counts: readonly (readonly [string, (figures: StreamFigures) => number])[] = [
  ['Read', ({ rowsRead }) => rowsRead],
  ['Inserted', ({ rowsInserted }) => rowsInserted],
  ['Updated', ({ rowsUpdated }) => rowsUpdated],
  ['Deleted', ({ rowsDeleted }) => rowsDeleted],
  ['Rejected', ({ rowsRejected }) => rowsRejected],
];

function watermark({ watermarkBefore, watermarkAfter }: StreamFigures): string {
  if (watermarkBefore === watermarkAfter) return watermarkAfter === 'none' ? '' : watermarkAfter;
  return `${watermarkBefore} → ${watermarkAfter}`;
}
