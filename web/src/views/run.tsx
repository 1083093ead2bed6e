import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import type { NodeKey, RunPayload, RunStep } from '../../../src/server/contract.ts';
import { cancelRun, runQuery } from '../api.ts';
import { formatDateTime, formatDuration, formatQuantity } from '../format.ts';
import { stateHealth } from '../health.ts';
import { Answer } from '../parts/answer.tsx';
import { FailureBlock, failureOf } from '../parts/failure-block.tsx';
import { Icon } from '../parts/icon.tsx';
import { useNowMs } from '../parts/now.ts';
import { PageHead } from '../parts/page-head.tsx';
import { RetryButton, RunButton } from '../parts/run-button.tsx';
import { StateBadge } from '../parts/state-badge.tsx';
import { Link, paths } from '../router.tsx';
import { Gantt } from '../run/gantt.tsx';
import { LogView } from '../run/log-view.tsx';
import { StreamTable } from '../run/stream-table.tsx';
import { isFinished, runDurationMs, selectionWords, shortRunId, triggerWords } from '../run/run-words.ts';

export function RunPage({ runId }: { readonly runId: string }): ReactNode {
  const query = useQuery(runQuery(runId));
  return (
    <Answer query={query} of="the run">
      {(run) => <Run run={run} />}
    </Answer>
  );
}

function Run({ run }: { readonly run: RunPayload }): ReactNode {
  const [chosen, choose] = useState<NodeKey>('');
  const open = !isFinished(run.state);
  return (
    <>
      <PageHead
        title={`Run ${shortRunId(run.id)}`}
        kicker={
          <span role="status" aria-live="polite">
            <StateBadge health={stateHealth(run.state)} />
          </span>
        }
        description={<RunLine run={run} />}
      >
        {open ? <CancelButton run={run} /> : <RunButton selection={run.selection} label="Run again" />}
        {(run.state === 'failed' || run.state === 'cancelled') && <RetryButton runId={run.id} />}
      </PageHead>
      {run.failure && <FailureBlock failure={run.failure} title="Why the run failed" />}
      <StepFailures steps={run.steps} />
      <Gantt run={run} chosen={chosen} choose={choose} />
      <StreamTable steps={run.steps} />
      <LogView
        runId={run.id}
        isOpen={open}
        steps={run.steps.map((step) => step.key)}
        step={chosen}
        chooseStep={choose}
      />
    </>
  );
}

function RunLine({ run }: { readonly run: RunPayload }): ReactNode {
  const nowMs = useNowMs(isFinished(run.state) ? 0 : 500);
  const durationMs = runDurationMs(run, nowMs);
  const parts = [
    run.id,
    selectionWords(run),
    `asked for by ${triggerWords(run)}`,
    formatDateTime(run.startedAtMs ?? run.createdAtMs),
    ...(durationMs === undefined ? [] : [formatDuration(durationMs)]),
    `${run.stepCounts.succeeded} of ${formatQuantity(run.steps.length, 'step')} succeeded`,
    ...(run.options.fullRefresh ? ['full refresh'] : []),
    ...(run.options.rowLimit === undefined
      ? []
      : [`at most ${formatQuantity(run.options.rowLimit, 'row')} per stream`]),
  ];
  return <>{parts.join(' · ')}</>;
}

/** Failed steps with their reasons, and how many others waited for them in vain. */
function StepFailures({ steps }: { readonly steps: readonly RunStep[] }): ReactNode {
  const failed = steps.filter((step) => step.state === 'failed');
  const skipped = steps.filter((step) => step.state === 'skipped').length;
  if (failed.length === 0) return null;
  return (
    <div className="failures">
      {failed.map((step) => (
        <div key={step.key} className="failed-step">
          <Link to={paths.node(step.key)} className="failed-step-key">
            {step.key}
          </Link>
          <FailureBlock
            title="Failed"
            failure={
              step.failure ?? {
                kind: 'data',
                code: 'check_failed',
                message: step.outcome?.check?.message ?? step.reason ?? 'It did not say why.',
              }
            }
          />
        </div>
      ))}
      {skipped > 0 && (
        <p className="quiet">{formatQuantity(skipped, 'step was', 'steps were')} skipped because of that.</p>
      )}
    </div>
  );
}

function CancelButton({ run }: { readonly run: RunPayload }): ReactNode {
  const cancel = useMutation({ mutationFn: () => cancelRun(run.id) });
  return (
    <>
      <button
        type="button"
        className="button"
        disabled={cancel.isPending || run.state === 'cancelling'}
        onClick={() => cancel.mutate()}
      >
        <Icon name="stop" size={13} />
        {run.state === 'cancelling' ? 'Cancelling' : 'Cancel'}
      </button>
      {cancel.error && (
        <div className="toast" role="alert">
          <FailureBlock failure={failureOf(cancel.error)} title="The run was not cancelled" />
          <button type="button" className="button" onClick={cancel.reset}>
            Close
          </button>
        </div>
      )}
    </>
  );
}
