import { type ErrorKind, ProjectError, toFailure } from '../../core/errors.ts';
import type { RunState } from '../../core/run-state.ts';

/** What the shell is told. Documented in `docs/cli.md`. */
export const exitCodes = {
  success: 0,
  /** The work failed: data that does not fit, a failed check, an unexpected error. */
  failed: 1,
  /** The project or the command line is wrong; no step got done. */
  config: 2,
  /** Something could not be reached; the same command may succeed later. */
  transient: 3,
  /** Stopped by somebody, as shells say Ctrl-C. */
  cancelled: 130,
} as const;

const codeByKind: Readonly<Record<ErrorKind, number>> = {
  config: exitCodes.config,
  transient: exitCodes.transient,
  data: exitCodes.failed,
  fatal: exitCodes.failed,
  cancelled: exitCodes.cancelled,
};

export function exitCodeOfError(error: unknown): number {
  return error instanceof ProjectError ? exitCodes.config : codeByKind[toFailure(error).kind];
}

/**
 * What a finished run tells. Mistakes in the files that only running found count as `config` while no step got done;
 * beside work that was done they are a failure, as are steps that failed for different reasons.
 */
export function exitCodeOfRun(
  state: RunState,
  failureKinds: readonly ErrorKind[],
  stepsSucceeded: number,
): number {
  if (state === 'succeeded') return exitCodes.success;
  if (state === 'cancelled') return exitCodes.cancelled;
  const [first] = failureKinds;
  const alike = first !== undefined && failureKinds.every((kind) => kind === first);
  if (!alike || (first === 'config' && stepsSucceeded > 0)) return exitCodes.failed;
  return codeByKind[first];
}
