import { type ErrorKind, formatError } from '../../core/errors.ts';
import type { RunRecord, StepRecord } from '../../core/ledger.ts';
import { exitCodeOfRun, exitCodes } from '../terminal/exit-code.ts';
import { formatCount, formatDuration, formatTable, paint, printJson, printLine } from '../terminal/output.ts';
import { brokenExpectations, type RunSwitches } from './run-switches.ts';

export interface ReportOptions {
  readonly json: boolean;
  readonly stream: NodeJS.WriteStream;
  /** What the run must have done to count as a success. */
  readonly expectations: RunSwitches['expectations'];
}

/** Says how a run went, and gives the exit code that tells the shell. */
export function reportRun(run: RunRecord, { json, stream, expectations }: ReportOptions): number {
  const broken = run.state === 'succeeded' ? brokenExpectations(run, expectations) : [];
  const failed = run.steps.filter((step) => step.state === 'failed');
  const code =
    broken.length > 0
      ? exitCodes.failed
      : exitCodeOfRun(
          run.state,
          failed.map((step): ErrorKind => step.failure?.kind ?? 'data'),
          run.stepCounts.succeeded,
        );
  if (json) {
    printJson({
      runId: run.id,
      state: run.state,
      steps: run.steps.map(
        ({ key, kind, type, state, attempt, startedAtMs, finishedAtMs, outcome, failure, reason }) => ({
          key,
          kind,
          type,
          state,
          attempt,
          startedAtMs,
          finishedAtMs,
          outcome,
          failure,
          reason,
        }),
      ),
      ...(run.failure ? { failure: run.failure } : {}),
      ...(broken.length > 0 ? { broken } : {}),
    });
    return code;
  }
  const print = (text = ''): void => printLine(text, stream);
  const moved = run.steps.filter(({ kind, outcome }) => kind !== 'check' && outcome?.rows !== undefined);
  if (moved.length > 0) {
    print(
      formatTable(
        ['what', 'type', 'rows', 'time'],
        moved.map((step) => summaryRow(step)),
      ),
    );
    print();
  }
  const warned = run.steps.filter((step) => warningsOf(step).length > 0);
  for (const step of warned)
    for (const warning of warningsOf(step)) print(`${paint('yellow', '!', stream)} ${step.key}: ${warning}`);
  for (const step of failed) {
    if (step.failure) print(`${paint('red', '✗', stream)} ${step.key}\n${indent(formatError(step.failure))}`);
    else
      print(
        `${paint('red', '✗', stream)} ${step.key}: ${step.outcome?.check?.message ?? step.reason ?? 'failed'}`,
      );
  }
  const checks = run.steps.filter(({ kind }) => kind === 'check');
  const color = run.state === 'succeeded' ? 'green' : 'red';
  const time =
    run.startedAtMs && run.finishedAtMs ? ` in ${formatDuration(run.finishedAtMs - run.startedAtMs)}` : '';
  const counts = [
    `${run.stepCounts.succeeded} of ${run.steps.length} steps succeeded`,
    checks.length > 0
      ? `${checks.filter(({ state }) => state === 'succeeded').length} of ${checks.length} checks`
      : '',
    warned.length > 0 ? `${warned.length} with warnings` : '',
    run.stepCounts.skipped > 0 ? `${run.stepCounts.skipped} skipped` : '',
  ].filter((part) => part !== '');
  print(`${paint(color, `Run ${run.id} ${run.state}`, stream)}${time}: ${counts.join(', ')}`);
  if (run.failure?.next) print(`Next: ${run.failure.next}`);
  for (const sentence of broken) print(`${paint('red', '✗', stream)} ${sentence}`);
  return code;
}

/** Failures that hooks of a step let pass. */
function warningsOf({ outcome }: StepRecord): readonly string[] {
  const warnings = outcome?.metadata['warnings'];
  return Array.isArray(warnings) ? warnings.map(String) : [];
}

function summaryRow(step: StepRecord): string[] {
  const time =
    step.startedAtMs && step.finishedAtMs ? formatDuration(step.finishedAtMs - step.startedAtMs) : '';
  return [step.key, step.type, formatCount(step.outcome?.rows), time];
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}
