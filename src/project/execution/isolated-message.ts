import {
  CancelledError,
  ConfigError,
  DataError,
  type Failure,
  FatalError,
  type MillraceError,
  toFailure,
  TransientError,
} from '../../core/errors.ts';
import type { LogLevel, Progress, StepOutcome } from '../../core/executor.ts';
import type { JsonValue } from '../../core/json.ts';
import type { PartitionValue } from '../../core/partitions.ts';
import type { Ask } from './ask.ts';
import type { TaskFacts } from '../code/task-facts.ts';

/** Where code of users is, and what it may reach. */
export interface CodePlace {
  /** Where it is defined, relative to the project's folder. */
  readonly file: string;
  readonly projectFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Connections that the engine's process has open and no other can, in capitals: their databases are asked of it. */
  readonly lent: readonly string[];
}

/** What an isolated step is told at first. Plain data. */
export interface IsolatedWork extends CodePlace {
  /** Of the node. */
  readonly key: string;
  readonly facts: Omit<TaskFacts, 'batch'>;
  readonly batch: IsolatedBatch | undefined;
}

/** What a sensor's own function is told. */
export interface SensorLook extends CodePlace {
  readonly name: string;
  readonly cursor: JsonValue | undefined;
}

export interface IsolatedBatch {
  readonly text: string;
  readonly count: number;
  readonly values: readonly PartitionValue[];
}

/** What the engine's process tells that of the step. `stop`: end soon, or be ended. */
export type EngineMessage =
  | { readonly type: 'work'; readonly work: IsolatedWork }
  | { readonly type: 'stop' }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Answer };

export type Answer = { readonly value: unknown } | { readonly error: SentError };

/** What the step's process tells that of the engine. `done` or `failed` is the last one. */
export type StepMessage =
  | { readonly type: 'log'; readonly message: string; readonly level: LogLevel }
  | { readonly type: 'progress'; readonly progress: Progress }
  | { readonly type: 'ask'; readonly id: number; readonly ask: Ask }
  | { readonly type: 'dropAsk'; readonly id: number }
  | { readonly type: 'done'; readonly outcome: StepOutcome }
  | { readonly type: 'failed'; readonly error: SentError };

/** An error on its way to another process. */
export interface SentError {
  readonly failure: Failure;
  readonly retryAfterSeconds: number | undefined;
}

export function sendError(error: unknown): SentError {
  const retryAfterSeconds = error instanceof TransientError ? error.retryAfterSeconds : undefined;
  return { failure: toFailure(error), retryAfterSeconds };
}

const classes = {
  config: ConfigError,
  data: DataError,
  fatal: FatalError,
  cancelled: CancelledError,
} as const;

export function receiveError({ failure, retryAfterSeconds }: SentError): MillraceError {
  const { kind, message, ...detail } = failure;
  if (kind === 'transient')
    return new TransientError(message, {
      ...detail,
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    });
  return new classes[kind](message, detail);
}
