import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { NodeKey, StepLogEvent } from '../../../src/server/contract.ts';
import { formatClock } from '../format.ts';
import { FailureBlock, failureOf } from '../parts/failure-block.tsx';
import { useRunLog } from './use-log.ts';

interface LogViewProps {
  readonly runId: string;
  readonly isOpen: boolean;
  readonly steps: readonly NodeKey[];
  /** Only lines of this step; empty for all. */
  readonly step: NodeKey;
  readonly chooseStep: (step: NodeKey) => void;
}

const nearEndPixels = 40;

/** A run's log, following its end until somebody scrolls up. */
export function LogView({ runId, isOpen, steps, step, chooseStep }: LogViewProps): ReactNode {
  const log = useRunLog(runId, isOpen);
  const [search, setSearch] = useState('');
  const [withDetail, showDetail] = useState(false);
  const lines = log.lines.filter(
    (line) =>
      (step === '' || line.step === step) &&
      (withDetail || line.level !== 'debug') &&
      (search === '' || line.message.toLowerCase().includes(search.toLowerCase())),
  );
  const box = useFollowedEnd(lines.length);
  return (
    <section className="panel log-panel" aria-label="Log">
      <div className="panel-head">
        <h2>Log</h2>
        <label className="switch">
          <input
            type="checkbox"
            checked={withDetail}
            onChange={(event) => showDetail(event.target.checked)}
          />
          With details
        </label>
        <label>
          <span className="unseen">Step</span>
          <select value={step} onChange={(event) => chooseStep(event.target.value)}>
            <option value="">All steps</option>
            {steps.map((key) => (
              <option key={key}>{key}</option>
            ))}
          </select>
        </label>
        <label>
          <span className="unseen">Text in the log</span>
          <input
            type="search"
            placeholder="Filter the text"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        </label>
      </div>
      {log.error !== undefined && (
        <FailureBlock failure={failureOf(log.error)} title="Could not read the log" />
      )}
      <div className="log" role="log" aria-live="off" aria-label="Log lines" tabIndex={0} ref={box}>
        {log.truncated && (
          <p className="quiet">Older lines are left out. All of them: millrace runs show {runId} --logs</p>
        )}
        {lines.map((line) => (
          <LogLine key={line.sequence} line={line} withStep={step === ''} />
        ))}
        {lines.length === 0 && !log.loading && (
          <p className="quiet">{isOpen ? 'Nothing has been said yet.' : 'There are no such lines.'}</p>
        )}
      </div>
    </section>
  );
}

function LogLine({ line, withStep }: { readonly line: StepLogEvent; readonly withStep: boolean }): ReactNode {
  return (
    <div className={`log-line ${line.level}`}>
      <time dateTime={new Date(line.atMs).toISOString()}>{formatClock(line.atMs)}</time>
      {withStep && (
        <span className="log-step" title={line.step}>
          {line.step}
        </span>
      )}
      <span className="log-text">
        {line.level === 'error' || line.level === 'warn' ? <b>{line.level} </b> : null}
        {line.message}
      </span>
    </div>
  );
}

function useFollowedEnd(length: number) {
  const box = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  useEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const onScroll = (): void => {
      following.current = element.scrollHeight - element.scrollTop - element.clientHeight < nearEndPixels;
    };
    element.addEventListener('scroll', onScroll, { passive: true });
    return () => element.removeEventListener('scroll', onScroll);
  }, []);
  useEffect(() => {
    if (following.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [length]);
  return box;
}
