import type { ConnectionProvider, SqlSession } from '../../connector/connection.ts';
import type { StepContext } from '../../core/executor.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Origin } from '../../core/origin.ts';
import type { Scope } from '../expression/expression.ts';
import type { StepMemory } from './step-memory.ts';

/** What hooks use of the world around them. */
export interface HookServices {
  readonly open: ConnectionProvider;
  /** Absolute. Local paths of hooks stay within it. */
  readonly projectFolder: string;
  /** Where commands may be run, files may be reached anywhere. */
  readonly mayRunCommands: boolean;
  /** Runs another replication file and gives its figures. */
  replicate(request: ReplicationRequest, context: StepContext): Promise<JsonObject>;
}

export interface ReplicationRequest {
  /** Of its file: absolute, within the project. What a hook holds itself has its hook's file and place for it. */
  readonly path: string;
  /** What the hook holds itself, in YAML; else the file is read. */
  readonly text: string | undefined;
  readonly streams: readonly string[];
  readonly mode: string | undefined;
  readonly range: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** The same for every attempt at the hook that asks. */
  readonly key: string;
  /** Keeps which streams are loaded; absent where all of them are gone through again. */
  readonly memory: StepMemory | undefined;
}

/** What the hooks of one list may see and use. */
export interface HookPlace {
  readonly context: StepContext;
  readonly origin: Origin;
  readonly services: HookServices;
  /** Connection of queries that name none; absent where there is none. */
  readonly connection?: string;
  /** The transaction that publishes, for queries of merge hooks. */
  readonly session?: SqlSession;
  /** Values by name; outcomes are added under `state` and `store`. */
  readonly scope: Scope;
  /** Tells this list from others of the same step. */
  readonly key: string;
  /** For hooks that are to go on where the last attempt at their step stopped. */
  readonly memory?: StepMemory;
  /** Told of failures that `on_failure: warn` lets pass, for the summary of the run. */
  readonly onWarning?: (message: string) => void;
  /** Wait before a hook is tried again. Default: 5. */
  readonly retryDelaySeconds?: number;
}
