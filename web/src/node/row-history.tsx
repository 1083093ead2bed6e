import { useState, type ReactNode } from 'react';
import type { Completion } from '../../../src/server/contract.ts';
import { formatCompact, formatCount, formatDateTime, formatDuration } from '../format.ts';
import { Empty } from '../parts/answer.tsx';
import { FormSwitch, type Form } from '../parts/form-switch.tsx';
import { Moment } from '../parts/moment.tsx';
import { Link, navigate, paths } from '../router.tsx';
import { shortRunId } from '../run/run-words.ts';

const chart = { width: 640, height: 120 };

/** What the last successes left: rows of an asset, or durations where no rows are counted. */
export function RowHistory({ history }: { readonly history: readonly Completion[] }): ReactNode {
  const [form, setForm] = useState<Form>('chart');
  const countsRows = history.some((completion) => completion.rows !== undefined);
  const title = countsRows ? 'Rows at the last successes' : 'Duration of the last successes';
  return (
    <section className="panel">
      <div className="panel-head">
        <h2>{title}</h2>
        {history.length > 0 && <FormSwitch form={form} choose={setForm} of={title} />}
      </div>
      {history.length === 0 && <Empty title="It has not succeeded yet" />}
      {history.length > 0 && form === 'chart' && (
        <Bars history={history} countsRows={countsRows} title={title} />
      )}
      {history.length > 0 && form === 'table' && <HistoryTable history={history} />}
    </section>
  );
}

interface BarsProps {
  readonly history: readonly Completion[];
  readonly countsRows: boolean;
  readonly title: string;
}

function Bars({ history, countsRows, title }: BarsProps): ReactNode {
  const value = (completion: Completion): number =>
    countsRows ? (completion.rows ?? 0) : completion.durationMs;
  const text = countsRows ? formatCompact : formatDuration;
  const exact = countsRows ? (rows: number): string => `${formatCount(rows)} rows` : formatDuration;
  const oldestFirst = history.toReversed();
  const most = Math.max(1, ...oldestFirst.map(value));
  const step = Math.min(48, chart.width / oldestFirst.length);
  const newest = history[0];
  return (
    <figure className="bars">
      <figcaption>
        <strong>{newest && exact(value(newest))}</strong>
        <span className="quiet">at most {text(most)}</span>
      </figcaption>
      <svg
        viewBox={`0 0 ${chart.width} ${chart.height}`}
        preserveAspectRatio="xMinYMax meet"
        role="img"
        aria-label={`${title}. The same figures are in the table.`}
      >
        <line x1="0" x2={chart.width} y1={chart.height - 0.5} y2={chart.height - 0.5} />
        {oldestFirst.map((completion, index) => {
          const height = Math.max(2, (value(completion) / most) * (chart.height - 8));
          return (
            <rect
              key={`${completion.runId} ${completion.finishedAtMs}`}
              x={index * step + step * 0.14}
              y={chart.height - height}
              width={step * 0.72}
              height={height}
              rx={Math.min(3, step * 0.2)}
              onClick={() => navigate(paths.run(completion.runId))}
            >
              <title>{`${formatDateTime(completion.finishedAtMs)}: ${exact(value(completion))}`}</title>
            </rect>
          );
        })}
      </svg>
    </figure>
  );
}

function HistoryTable({ history }: { readonly history: readonly Completion[] }): ReactNode {
  return (
    <div className="table-scroll limited" tabIndex={0} role="region" aria-label="Last successes">
      <table>
        <caption className="unseen">Last successes, newest first</caption>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Run</th>
            <th scope="col" className="number">
              Rows
            </th>
            <th scope="col" className="number">
              Duration
            </th>
            <th scope="col">Figures</th>
          </tr>
        </thead>
        <tbody>
          {history.map((completion) => (
            <tr key={`${completion.runId} ${completion.finishedAtMs}`}>
              <td>
                <Moment atMs={completion.finishedAtMs} />
              </td>
              <td>
                <Link to={paths.run(completion.runId)}>{shortRunId(completion.runId)}</Link>
              </td>
              <td className="number">{completion.rows !== undefined && formatCount(completion.rows)}</td>
              <td className="number">{formatDuration(completion.durationMs)}</td>
              <td className="figures">{figuresText(completion)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function figuresText({ metadata }: Completion): string {
  return Object.entries(metadata)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ');
}
