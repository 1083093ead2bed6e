import { useState, type ReactNode } from 'react';
import type { NodeKey, RunPayload, RunStep } from '../../../src/server/contract.ts';
import { formatCompact, formatCount, formatDuration, formatQuantity } from '../format.ts';
import { stateHealth, type Health } from '../health.ts';
import { Icon, kindIcon } from '../parts/icon.tsx';
import { useNowMs } from '../parts/now.ts';
import { StateDot } from '../parts/state-badge.tsx';
import { isQuietCheck } from './gantt-folding.ts';
import { isFinished } from './run-words.ts';
import { timeTicks } from './time-ticks.ts';

interface GanttProps {
  readonly run: RunPayload;
  readonly chosen: NodeKey;
  readonly choose: (step: NodeKey) => void;
}

/** The steps of a run along its time; a running step's bar fills with its progress. */
export function Gantt({ run, chosen, choose }: GanttProps): ReactNode {
  const [withChecks, showChecks] = useState(false);
  const quietChecks = run.steps.filter(isQuietCheck).length;
  const shown = withChecks ? run.steps : run.steps.filter((step) => !isQuietCheck(step));
  const nowMs = useNowMs(isFinished(run.state) ? 0 : 200);
  const startMs = run.startedAtMs ?? run.createdAtMs;
  const endMs = Math.max(
    run.finishedAtMs ?? nowMs,
    startMs + 1000,
    ...run.steps.map((step) => step.finishedAtMs ?? 0),
  );
  const spanMs = endMs - startMs;
  const percent = (atMs: number): number => ((atMs - startMs) / spanMs) * 100;
  return (
    <section className="panel gantt" aria-label="Steps">
      <div className="panel-head">
        <h2>Steps</h2>
        {quietChecks > 0 && (
          <label className="switch">
            <input
              type="checkbox"
              checked={withChecks}
              onChange={(event) => showChecks(event.target.checked)}
            />
            Also the {formatQuantity(quietChecks, 'check')} without a finding
          </label>
        )}
      </div>
      <div className="gantt-axis" aria-hidden="true">
        {timeTicks(spanMs).map((tickMs) => (
          <span key={tickMs} style={{ left: `${(tickMs / spanMs) * 100}%` }}>
            {tickMs === 0 ? '0' : formatDuration(tickMs).replace('.0 s', ' s')}
          </span>
        ))}
      </div>
      <ol className="gantt-rows">
        {inOrder(shown).map((step) => (
          <li key={step.key}>
            <button
              type="button"
              className={`gantt-row tone-${stepHealth(step).tone}`}
              aria-pressed={chosen === step.key}
              onClick={() => choose(chosen === step.key ? '' : step.key)}
            >
              <span className="gantt-name">
                <StateDot health={stepHealth(step)} />
                <Icon name={kindIcon(step)} size={14} />
                <span title={step.key}>{step.key}</span>
              </span>
              <span className="gantt-track">
                {step.startedAtMs !== undefined && (
                  <span
                    className="gantt-bar"
                    style={{
                      left: `${percent(step.startedAtMs)}%`,
                      width: `${percent(step.finishedAtMs ?? endMs) - percent(step.startedAtMs)}%`,
                    }}
                  >
                    {step.state === 'running' && <ProgressFill step={step} />}
                  </span>
                )}
              </span>
              <span className="gantt-figures">{figures(step, nowMs)}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** As they started; what has not started yet stays in the plan's order at the end. */
function inOrder(steps: readonly RunStep[]): RunStep[] {
  const started = (step: RunStep): number => step.startedAtMs ?? Number.POSITIVE_INFINITY;
  return steps.toSorted((a, b) => (started(a) === started(b) ? 0 : started(a) - started(b)));
}

export function stepHealth(step: RunStep): Health {
  if (step.state === 'succeeded' && step.outcome?.check?.passed === false)
    return { tone: 'warn', word: 'Warning' };
  return stateHealth(step.state);
}

function ProgressFill({ step }: { readonly step: RunStep }): ReactNode {
  const { rows, totalRows } = step.progress ?? {};
  if (rows === undefined || totalRows === undefined || totalRows === 0)
    return <span className="gantt-stir" />;
  const share = Math.min(100, (rows / totalRows) * 100);
  return <span className="gantt-fill" style={{ width: `${share}%` }} />;
}

function figures(step: RunStep, nowMs: number): string {
  if (step.state === 'running') {
    const { rows, totalRows, phase } = step.progress ?? {};
    if (rows === undefined) return phase ?? formatDuration(nowMs - (step.startedAtMs ?? nowMs));
    const of = totalRows === undefined ? '' : ` / ${formatCompact(totalRows)}`;
    return `${formatCompact(rows)}${of} rows`;
  }
  if (step.startedAtMs === undefined || step.finishedAtMs === undefined)
    return stateHealth(step.state).word.toLowerCase();
  const duration = formatDuration(step.finishedAtMs - step.startedAtMs);
  const { check, rows } = step.outcome ?? {};
  if (check)
    return check.passed ? `passed · ${duration}` : `${formatCount(check.failures)} break it · ${duration}`;
  return rows === undefined ? duration : `${formatCompact(rows)} rows · ${duration}`;
}
