import { DataError } from '../../core/errors.ts';
import type { RunRecord } from '../../core/ledger.ts';
import type { RunStore } from '../../core/ports.ts';
import type { RunEvent, RunStateEvent, StepStateEvent } from '../../core/run-event.ts';
import { isRunFinished, isStepFinished } from '../../core/run-state.ts';
import type { Receiver } from '../delivery/courier.ts';
import type { SpanSender } from './collector.ts';
import type { Span } from './span.ts';
import { runSpanId, stepSpanId, traceOf } from './trace-ids.ts';

/** Sends a span for every run and every attempt at a step, when it has ended. */
export function createSpanReceiver(
  store: Pick<RunStore, 'findRun' | 'events'>,
  send: SpanSender,
  redact: (text: string) => string,
): Receiver {
  return {
    name: 'traces',
    types: ['run_state', 'step_state'],
    deliver: async (events, signal) => {
      const spans: Span[] = [];
      const runs = new Map<string, RunRecord | undefined>();
      for (const event of events) {
        if (!runs.has(event.runId)) runs.set(event.runId, await store.findRun(event.runId));
        const run = runs.get(event.runId);
        if (!run || !traceOf(run).isSampled) continue;
        const span = await spanOf(event, run, store, redact);
        if (span) spans.push(span);
      }
      try {
        await send(spans, signal);
        return { sent: spans.length, refused: 0 };
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        return { sent: 0, refused: spans.length, reason: error.message };
      }
    },
  };
}

async function spanOf(
  event: RunEvent,
  run: RunRecord,
  store: Pick<RunStore, 'events'>,
  redact: (text: string) => string,
): Promise<Span | undefined> {
  if (event.type === 'run_state' && isRunFinished(event.state)) return runSpan(event, run, redact);
  const isEnd = event.type === 'step_state' && (isStepFinished(event.state) || event.state === 'pending');
  if (!isEnd || event.attempt === 0) return undefined;
  const step = run.steps.find(({ key }) => key === event.step);
  const isLatest = step?.attempt === event.attempt && step.startedAtMs !== undefined;
  const startMs = isLatest ? step.startedAtMs : await startOf(event, store);
  return startMs === undefined ? undefined : stepSpan(event, run, startMs, redact);
}

function runSpan(event: RunStateEvent, run: RunRecord, redact: (text: string) => string): Span {
  const { traceId, parentSpanId } = traceOf(run);
  const { schedule, kind } = run.trigger;
  return {
    traceId,
    spanId: runSpanId(run.id),
    parentSpanId,
    name: schedule === undefined ? `run ${run.selection || 'everything'}` : `run of schedule ${schedule}`,
    kind: 'internal',
    startMs: run.startedAtMs ?? run.createdAtMs,
    endMs: event.atMs,
    attributes: {
      'millrace.run.id': run.id,
      'millrace.run.state': event.state,
      'millrace.run.trigger': kind,
      'millrace.run.schedule': schedule,
      'millrace.run.steps': run.steps.length,
      'millrace.run.queued_seconds': ((run.startedAtMs ?? event.atMs) - run.createdAtMs) / 1000,
    },
    error: event.state === 'succeeded' ? undefined : redact(event.failure?.message ?? event.state),
  };
}

function stepSpan(
  event: StepStateEvent,
  run: RunRecord,
  startMs: number,
  redact: (text: string) => string,
): Span {
  const { outcome, failure, reason, attempt, state } = event;
  const planned = run.plan.steps.find(({ key }) => key === event.step);
  const lane = outcome?.metadata['lane'];
  return {
    traceId: traceOf(run).traceId,
    spanId: stepSpanId(run.id, event.step, attempt),
    parentSpanId: runSpanId(run.id),
    name: event.step,
    kind: 'internal',
    startMs,
    endMs: event.atMs,
    attributes: {
      'millrace.run.id': run.id,
      'millrace.step.kind': planned?.kind,
      'millrace.step.type': planned?.type,
      'millrace.step.state': state,
      'millrace.step.attempt': attempt,
      'millrace.step.rows': outcome?.rows,
      'millrace.step.bytes': outcome?.bytes,
      'millrace.step.lane': typeof lane === 'string' ? lane : undefined,
    },
    error:
      state === 'succeeded'
        ? undefined
        : redact(failure?.message ?? outcome?.check?.message ?? reason ?? state),
  };
}

/** When the attempt that ends with `event` began. */
async function startOf(event: StepStateEvent, store: Pick<RunStore, 'events'>): Promise<number | undefined> {
  const earlier = await store.events({
    runId: event.runId,
    step: event.step,
    types: ['step_state'],
    afterSequence: 0,
    limit: 1000,
  });
  return earlier.findLast(
    (other) => other.type === 'step_state' && other.state === 'running' && other.sequence < event.sequence,
  )?.atMs;
}
