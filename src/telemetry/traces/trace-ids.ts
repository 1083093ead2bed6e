import { createHash, randomBytes } from 'node:crypto';
import type { RunRecord } from '../../core/ledger.ts';
import type { NodeKey } from '../../core/node.ts';

/** The trace that a run belongs to. */
export interface RunTrace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** The caller's span, 16 hex digits. */
  readonly parentSpanId: string | undefined;
  /** False when the caller does not record its trace; then nothing of the run is sent either. */
  readonly isSampled: boolean;
}

/** A run's own trace, or its caller's: the same for every process that works at the run. */
export function traceOf({ id, trigger }: Pick<RunRecord, 'id' | 'trigger'>): RunTrace {
  const given = trigger.traceParent === undefined ? undefined : parseTraceParent(trigger.traceParent);
  return given ?? { traceId: digits(32, 'trace', id), parentSpanId: undefined, isSampled: true };
}

export function runSpanId(runId: string): string {
  return digits(16, 'run', runId);
}

/** The same for a step that is started again, so that what is sent twice is one span. */
export function stepSpanId(runId: string, step: NodeKey, attempt: number): string {
  return digits(16, 'step', runId, step, String(attempt));
}

export function newSpanId(): string {
  return randomBytes(8).toString('hex');
}

/** `TRACEPARENT` as W3C Trace Context writes it; undefined when it is not that. */
export function parseTraceParent(text: string): RunTrace | undefined {
  const [, version, traceId, parentSpanId, flags] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/.exec(text.trim()) ?? [];
  if (
    !version ||
    !traceId ||
    !flags ||
    version === 'ff' ||
    /^0+$/.test(traceId) ||
    /^0+$/.test(parentSpanId ?? '0')
  )
    return undefined;
  return { traceId, parentSpanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

function digits(length: number, ...names: readonly string[]): string {
  return createHash('sha256').update(names.join('\n')).digest('hex').slice(0, length);
}
