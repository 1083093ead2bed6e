import type { Environment } from '../../config/environment.ts';
import type { ConnectionProvider } from '../../connector/connection.ts';
import type { StepContext, StepOutcome } from '../../core/executor.ts';
import type { JsonValue } from '../../core/json.ts';
import type { SensorResult } from '../sensors/definition.ts';
import type { LoadedCode } from './sent-code.ts';
import type { TaskFacts } from './task-facts.ts';

/** The code of a project in a process of its own, which calls its functions. */
export interface CodeElsewhere {
  execute(
    called: CalledTask,
    facts: TaskFacts,
    around: CodeAround,
    context: StepContext,
  ): Promise<StepOutcome>;
  /** Calls the `check` of a sensor. */
  look(called: CalledSensor, around: CodeAround, signal: AbortSignal): Promise<SensorResult>;
  /** No more calls come: the process ends with the last that it has begun. */
  retire(): void;
}

/** What the code of a project defines, and where it is. */
export interface KeptCode extends LoadedCode {
  readonly code: CodeElsewhere;
}

export interface CalledTask {
  /** Of the node. */
  readonly key: string;
  /** Path relative to the project's folder. */
  readonly file: string;
}

export interface CalledSensor {
  readonly name: string;
  /** Path relative to the project's folder. */
  readonly file: string;
  readonly cursor: JsonValue | undefined;
}

/** What the engine's process has for it. */
export interface CodeAround {
  readonly environment: Environment;
  readonly connections: ConnectionProvider;
  /** Names of connections, in capitals, whose databases no other process can open. */
  readonly lent: readonly string[];
}
