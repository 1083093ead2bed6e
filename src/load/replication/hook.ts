/** When a stream's hooks run. The merge hooks run in the transaction that publishes. */
export type HookMoment = 'pre' | 'post' | 'pre_merge' | 'post_merge';

export type StreamHooks = Readonly<Partial<Record<HookMoment, readonly Hook[]>>>;

/** Hooks of a whole file: before the first of its streams in a run, and after the last one. */
export interface ReplicationHooks {
  readonly start: readonly Hook[];
  readonly end: readonly Hook[];
}

/** One step of a list of hooks, or of a pipeline. Texts may hold `{variables}`. */
export type Hook = HookCommon & HookAction;

/**
 * What a failed hook means for its list:
 *
 * - `abort`, `error`: it fails.
 * - `warn`, `quiet`: it goes on, with a line in the log or without.
 * - `skip`: what the list is for is left out: the stream, the rest of the pass of a loop, the rest of a pipeline.
 * - `break`: the rest of the list is left out, and all further passes of its loop.
 * - `retry`: the hook is tried once more after a while.
 * - `defer`: it goes on, and fails at its end.
 */
export type FailurePolicy = 'abort' | 'error' | 'warn' | 'quiet' | 'skip' | 'break' | 'retry' | 'defer';

interface HookCommon {
  /** Under which its outcome is found: `state.<id>`. */
  readonly id?: string | undefined;
  /** For people. */
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  /** Runs only when this is true. */
  readonly if?: string | undefined;
  readonly on_failure?: FailurePolicy | undefined;
  /** In pipelines: the step to go on with. */
  readonly goto?: string | undefined;
}

/** Where a result is kept: `name` and `store.name`, or `env.NAME`. */
interface WithResult {
  readonly into?: string | undefined;
}

interface WithVariables {
  readonly env?: Variables | undefined;
}

type Variables = Readonly<Record<string, string | number | boolean>>;

export type HookAction =
  | QueryHook
  | HttpHook
  | CheckHook
  | LogHook
  | StoreHook
  | CommandHook
  | FileHook
  | ReplicationHook
  | GroupHook
  | RoutineHook;

export interface QueryHook extends WithResult {
  readonly type: 'query';
  readonly connection?: string | undefined;
  readonly query: string;
}

export interface HttpHook {
  readonly type: 'http';
  readonly url: string;
  readonly method?: string | undefined;
  /** A text, or a map or list that is sent as JSON. */
  readonly payload?: string | readonly unknown[] | Readonly<Record<string, unknown>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Location of a file that the answer is written into. */
  readonly write_to?: string | undefined;
}

export interface CheckHook {
  readonly type: 'check';
  readonly check: string;
  readonly failure_message?: string | undefined;
  readonly success_message?: string | undefined;
}

export interface LogHook {
  readonly type: 'log';
  readonly message: string;
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | undefined;
}

/** Either `key` or `map`. */
export interface StoreHook {
  readonly type: 'store';
  readonly key?: string | undefined;
  readonly value?: unknown;
  readonly map?: Readonly<Record<string, unknown>> | undefined;
  readonly delete?: boolean | undefined;
}

export interface CommandHook extends WithResult, WithVariables {
  readonly type: 'command';
  readonly command: string | readonly string[];
  /** Put what it prints into the log. Default: true. */
  readonly print?: boolean | undefined;
  /** Keep what it prints in `state.<id>.output`, as `stdout`, `stderr` and `combined`. Default: true. */
  readonly capture?: boolean | undefined;
  /** Within the project. */
  readonly working_dir?: string | undefined;
  /** Seconds after which it is ended, and has failed. Default: none. */
  readonly timeout?: number | undefined;
}

/** Files of this machine; see `hooks/location.ts` for how they are named. */
export type FileHook =
  | {
      readonly type: 'copy';
      readonly from: string;
      readonly to: string;
      /** Whether `from` is a file is seen when it is copied. */
      readonly single_file?: boolean | undefined;
    }
  | { readonly type: 'delete'; readonly location: string; readonly recursive?: boolean | undefined }
  | { readonly type: 'write'; readonly to: string; readonly content: string }
  | ({ readonly type: 'read'; readonly from: string } & WithResult)
  | ({
      readonly type: 'list';
      readonly location: string;
      readonly recursive?: boolean | undefined;
      readonly only?: 'files' | 'folders' | undefined;
    } & WithResult)
  | {
      readonly type: 'inspect';
      readonly location: string;
      /** Counts and adds up what is in a folder. */
      readonly recursive?: boolean | undefined;
    };

/** Either `path` or `replication`. */
export interface ReplicationHook extends WithVariables {
  readonly type: 'replication';
  /** Within the project. */
  readonly path?: string | undefined;
  /** What a file would say. */
  readonly replication?: Readonly<Record<string, unknown>> | undefined;
  readonly streams?: readonly string[] | undefined;
  readonly mode?: string | undefined;
  readonly range?: string | undefined;
}

export interface GroupHook extends WithVariables {
  readonly type: 'group';
  readonly steps: readonly Hook[];
  /** A list, or an expression that gives one; its items are `loop.value`. */
  readonly loop?: readonly unknown[] | string | undefined;
  /** Passes that run side by side. Default: one. */
  readonly concurrency?: number | undefined;
}

/** Steps that are kept under a name, to be used in several files. */
export interface RoutineHook extends WithVariables {
  readonly type: 'routine';
  readonly routine: string;
  /** Its steps know them as `params.<name>`. */
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  /** What the name stands for. */
  readonly steps: readonly Hook[];
}

/** Commands run only where this variable of the environment says `true`. */
export const commandPermission = 'MILLRACE_ALLOW_COMMANDS';

/** All hooks of a list, those within groups too. */
export function allHooks(hooks: readonly Hook[]): readonly Hook[] {
  return hooks.flatMap((hook) => ('steps' in hook ? [hook, ...allHooks(hook.steps)] : [hook]));
}
