import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRef, type FormEvent, type ReactNode } from 'react';
import type { RunAccepted, RunRequest } from '../../../src/server/contract.ts';
import { retryRun, startRun } from '../api.ts';
import { navigate, paths } from '../router.tsx';
import { FailureBlock, failureOf } from './failure-block.tsx';
import { Icon } from './icon.tsx';

interface RunButtonProps {
  readonly selection: string;
  readonly label: string;
  readonly primary?: boolean;
}

/** Starts a run and goes to its page. */
export function RunButton({ selection, ...look }: RunButtonProps): ReactNode {
  return <StartButton {...look} start={() => startRun({ selection })} />;
}

/** Starts a run of what another has left undone, and goes to its page. */
export function RetryButton({ runId }: { readonly runId: string }): ReactNode {
  return <StartButton label="Retry what is left" primary start={() => retryRun(runId)} />;
}

interface StartButtonProps extends Omit<RunButtonProps, 'selection'> {
  readonly start: () => Promise<RunAccepted>;
}

function StartButton({ start, label, primary = false }: StartButtonProps): ReactNode {
  const run = useStarted(start);
  return (
    <>
      <button
        type="button"
        className={primary ? 'button primary' : 'button'}
        disabled={run.isPending}
        onClick={() => run.mutate()}
      >
        <Icon name="play" size={13} />
        {label}
      </button>
      {run.error && <FailureToast error={run.error} dismiss={run.reset} />}
    </>
  );
}

/** Asks for a selection and options before it starts a run. */
export function RunDialogButton({ selection }: { readonly selection: string }): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  const run = useStarted((request: RunRequest) => startRun(request));
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    run.mutate(readForm(new FormData(event.currentTarget)));
  };
  return (
    <>
      <button type="button" className="button" onClick={() => dialog.current?.showModal()}>
        Run with options…
      </button>
      <dialog ref={dialog} className="dialog" aria-labelledby="run-dialog-title" onClose={run.reset}>
        <form onSubmit={submit}>
          <h2 id="run-dialog-title">Run with options</h2>
          <label className="field">
            <span>Selection</span>
            <input name="selection" defaultValue={selection} placeholder="everything" spellCheck={false} />
            <small>
              A key, <code>key+</code> with what is downstream, <code>tag:daily</code>,{' '}
              <code>kind:model</code>. Empty means everything.
            </small>
          </label>
          <label className="field">
            <span>At most so many rows per stream</span>
            <input name="rowLimit" type="number" min="1" step="1" placeholder="all of them" />
          </label>
          <label className="tick">
            <input name="fullRefresh" type="checkbox" />
            <span>
              Full refresh
              <small>Rebuild from nothing what would otherwise be continued.</small>
            </span>
          </label>
          {run.error && <FailureBlock failure={failureOf(run.error)} title="The run was not started" />}
          <div className="dialog-buttons">
            <button type="button" className="button" onClick={() => dialog.current?.close()}>
              Close
            </button>
            <button type="submit" className="button primary" disabled={run.isPending}>
              <Icon name="play" size={13} />
              Start the run
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

function useStarted<Request>(start: (request: Request) => Promise<RunAccepted>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: start,
    onSuccess: ({ runId }) => {
      void client.invalidateQueries({ queryKey: ['runs'] });
      navigate(paths.run(runId));
    },
  });
}

function readForm(form: FormData): RunRequest {
  const selection = form.get('selection');
  const rowLimit = Number(form.get('rowLimit'));
  return {
    selection: typeof selection === 'string' ? selection.trim() : '',
    fullRefresh: form.get('fullRefresh') === 'on',
    ...(rowLimit > 0 ? { rowLimit } : {}),
  };
}

function FailureToast({
  error,
  dismiss,
}: {
  readonly error: unknown;
  readonly dismiss: () => void;
}): ReactNode {
  return (
    <div className="toast" role="alert">
      <FailureBlock failure={failureOf(error)} title="The run was not started" />
      <button type="button" className="button" onClick={dismiss}>
        Close
      </button>
    </div>
  );
}
