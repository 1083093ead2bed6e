import type { Environment } from '../../config/environment.ts';
import type { RunTrigger } from '../../core/ledger.ts';

/** A run that a command asks for, in the trace of whoever called the command if `TRACEPARENT` names one. */
export function commandTrigger(environment: Environment): RunTrigger {
  const traceParent = environment['TRACEPARENT'];
  return { kind: 'command', ...(traceParent ? { traceParent } : {}) };
}
