import { CancelledError, ConfigError, FatalError, TransientError, type Failure } from '../core/errors.ts';
import type { LogLevel, StepContext, StepOutcome, UpstreamStep } from '../core/executor.ts';
import type { JsonValue } from '../core/json.ts';
import type { RunLease } from '../core/ledger.ts';
import { requirePartitionKey } from '../core/partition/axis.ts';
import type { NodeKey } from '../core/node.ts';
import { nodeOf, type PlanStep, type RunOptions } from '../core/plan.ts';
import { gatherItems } from './found-items.ts';
import { partitionBatch } from './partition-batch.ts';
import { endOrStraggle, ignoresStop } from './straggler.ts';
import type { Workplace } from './workplace.ts';

export interface AttemptRequest {
  readonly step: PlanStep;
  readonly lease: RunLease;
  readonly options: RunOptions;
  readonly runStartedAtMs: number | undefined;
  /** Counts from 1. */
  readonly attempt: number;
  readonly checkpoint: JsonValue | undefined;
  readonly signal: AbortSignal;
  /** Watches a write to the ledger: if it fails the run is stopped. */
  readonly guard: <Result>(write: Promise<Result>) => Promise<Result>;
}

export interface AttemptResult {
  readonly outcome?: StepOutcome;
  readonly error?: unknown;
  /** True when it was stopped, but goes on. */
  readonly isStraggling?: boolean;
  /** What the attempt saved last, for the next one. */
  readonly checkpoint: JsonValue | undefined;
}

/** Calls the executor once. Resolves when it has ended, or does not stop when it should, and its log lines are written. */
export async function attemptStep(place: Workplace, request: AttemptRequest): Promise<AttemptResult> {
  const writes = new Set<Promise<void>>();
  let { checkpoint } = request;
  let isOver = false;
  const { step, lease, attempt, guard } = request;
  const limit = limitTime(place, step);
  const signal = AbortSignal.any([request.signal, limit.signal]);
  const keep = (write: Promise<void>): void => {
    const kept = write.catch(() => undefined).finally(() => writes.delete(kept));
    writes.add(kept);
  };
  const batch = await partitionBatch(place, step);
  const context: StepContext = {
    runId: lease.runId,
    attempt,
    idempotencyKey: `${lease.runId}/${step.key}`,
    options: request.options,
    ...(batch ? { partitions: batch } : {}),
    ...(step.item ? { item: step.item } : {}),
    ...(request.runStartedAtMs === undefined ? {} : { runStartedAtMs: request.runStartedAtMs }),
    addPartitionKeys: async (set, keys) => {
      if (isOver) throw cancelled();
      for (const key of keys) requirePartitionKey(key);
      return guard(place.store.addPartitionKeys(set, keys, place.clock.nowMs()));
    },
    upstream: () => upstreamSteps(place, lease.runId, step),
    signal,
    log: (message: string, level: LogLevel = 'info') => {
      if (isOver) return;
      const line = {
        step: step.key,
        attempt,
        level,
        message: place.redact(message),
        atMs: place.clock.nowMs(),
      };
      keep(guard(place.store.appendLog(lease, line)));
      place.written.notify();
    },
    progress: (reported) => {
      if (isOver) return;
      const atMs = place.clock.nowMs();
      const { phase } = reported;
      const progress = phase === undefined ? reported : { ...reported, phase: place.redact(phase) };
      place.publishProgress({ type: 'step_progress', runId: lease.runId, step: step.key, progress, atMs });
    },
    checkpoint,
    saveCheckpoint: async (value) => {
      if (isOver) throw cancelled();
      requirePlainData(value, `The checkpoint of ${step.key}`);
      await guard(place.store.saveCheckpoint(lease, step.key, value));
      checkpoint = value;
    },
  };
  const ending = await endOrStraggle(place, step, lease.runId, signal, () =>
    callExecutor(place, step, context),
  );
  isOver = true;
  limit.forget();
  await Promise.all(writes);
  if (ending === 'straggling') {
    return { error: ignoresStop(step, place.stopGraceMilliseconds), isStraggling: true, checkpoint };
  }
  const isTimedOut = limit.signal.aborted && !request.signal.aborted && ending.result.outcome === undefined;
  return { ...(isTimedOut ? { error: timedOut(step) } : ending.result), checkpoint };
}

async function upstreamSteps(
  place: Workplace,
  runId: string,
  waiting: PlanStep,
): Promise<readonly UpstreamStep[]> {
  const run = await place.store.findRun(runId);
  const wanted = new Set(waiting.dependsOn);
  const isWanted = (of: NodeKey): boolean => of === waiting.key || wanted.has(of);
  return (run?.steps ?? [])
    .filter(({ key, item }) => wanted.has(key) || (item !== undefined && isWanted(item.of)))
    .map(({ key, item, state, outcome, failure, startedAtMs, finishedAtMs }) => ({
      key,
      item,
      state,
      outcome,
      failure,
      startedAtMs,
      finishedAtMs,
    }));
}

interface TimeLimit {
  /** Aborted when the step's time is over. */
  readonly signal: AbortSignal;
  forget(): void;
}

function limitTime({ clock }: Workplace, { timeoutSeconds }: PlanStep): TimeLimit {
  const over = new AbortController();
  const stopTimer =
    timeoutSeconds === undefined ? undefined : clock.after(timeoutSeconds * 1000, () => over.abort());
  return { signal: over.signal, forget: () => stopTimer?.() };
}

/** Transient: the next attempt may be faster. */
function timedOut(step: PlanStep): TransientError {
  return new TransientError(`${step.key} took longer than ${step.timeoutSeconds} s and was stopped`, {
    code: 'step_timed_out',
    next: 'Find out what it waits for, or give it a longer timeoutSeconds.',
  });
}

async function callExecutor(
  place: Workplace,
  step: PlanStep,
  context: StepContext,
): Promise<{ outcome?: StepOutcome; error?: unknown }> {
  try {
    if (context.signal.aborted) throw cancelled();
    if (step.forEach !== undefined) return { outcome: gatherItems(step, (await context.upstream?.()) ?? []) };
    const executor = place.executors.get(step.executor);
    if (!executor)
      throw missing(`Nothing in this process can execute "${step.executor}"`, 'executor_missing');
    const node = place.definitions().graph.byKey.get(nodeOf(step));
    if (!node) throw missing(`${nodeOf(step)} is no longer part of the project`, 'node_missing');
    const outcome = await executor.execute(node, context);
    requirePlainData(outcome, `The outcome of ${step.key}`);
    return { outcome };
  } catch (error) {
    return { error: error ?? new Error('An executor threw nothing') };
  }
}

/** A step that hands over a BigInt or a circle fails by itself, before the ledger would. */
function requirePlainData(value: unknown, what: string): void {
  try {
    JSON.stringify(value);
  } catch (error) {
    throw new FatalError(`${what} is not plain data: ${error instanceof Error ? error.message : ''}`, {
      code: 'not_plain_data',
      next: 'Hand over strings, numbers, booleans, null, and lists and objects of those.',
      cause: error,
    });
  }
}

function cancelled(): CancelledError {
  return new CancelledError('This attempt was stopped', { code: 'cancelled' });
}

function missing(message: string, code: string): ConfigError {
  return new ConfigError(message, { code, next: 'Start a new run: millrace run' });
}

/** A failed `error` check, or one that is of no asset, as the failure of its step. */
export function checkFailure(step: PlanStep, outcome: StepOutcome): Failure | undefined {
  if (!outcome.check || outcome.check.passed || step.check?.severity === 'warn') return undefined;
  const { check } = step;
  return {
    kind: 'data',
    code: 'check_failed',
    message: outcome.check.message,
    state: check
      ? `${check.asset} was written, but what reads it was not run.`
      : 'What waits for it was not run.',
    next: check
      ? `Mend the rows or the check, then run: millrace run --select "${check.asset}+"`
      : 'Mend what it tests, or the check, and run it again.',
  };
}
