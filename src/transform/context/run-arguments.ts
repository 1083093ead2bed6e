import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { RelationName } from '../manifest/transform-node.ts';

/** What a command says about its run that templates and steps obey. */
export interface RunArguments {
  /** dbt's word for the command: `build`, `test`, `run`. */
  readonly command: string;
  readonly invocationId: string;
  /** Absolute folder for compiled and executed SQL; nothing is written without one. */
  readonly targetFolder: string | undefined;
  /** Whether `ref()` and `source()` give no rows. */
  readonly isEmpty: boolean;
  /** Whether tests keep their failing rows where they do not say so themselves. */
  readonly storesFailures: boolean;
  readonly isFullRefresh: boolean;
  /** Ids of what was selected. */
  readonly selected: readonly string[];
  /** Relations of another environment that stand for nodes that are not built here, by node id. */
  readonly deferred: Readonly<Record<string, RelationName>>;
  /** Stretch of event time that microbatch models build; milliseconds since 1970, UTC, end excluded. */
  readonly eventTimeStartMs: number | undefined;
  readonly eventTimeEndMs: number | undefined;
  /** Stretch of event time that `ref()` and `source()` give of what has an `event_time`; milliseconds since 1970, UTC, end excluded. */
  readonly sample?: { readonly startMs: number; readonly endMs: number } | undefined;
  /** Variables that go before those of the project, of a step about partitions. */
  readonly vars?: JsonObject;
}

/** Where no command said anything: `millrace run`. */
export const plainArguments: RunArguments = {
  command: 'build',
  invocationId: '',
  targetFolder: undefined,
  isEmpty: false,
  storesFailures: false,
  isFullRefresh: false,
  selected: [],
  deferred: {},
  eventTimeStartMs: undefined,
  eventTimeEndMs: undefined,
};

/** As a run's options carry them. */
export function argumentsToJson(given: RunArguments): JsonObject {
  const { targetFolder, eventTimeStartMs, eventTimeEndMs, sample, vars, ...rest } = given;
  return {
    ...rest,
    deferred: Object.fromEntries(Object.entries(given.deferred).map(([id, name]) => [id, { ...name }])),
    ...(targetFolder === undefined ? {} : { targetFolder }),
    ...(vars === undefined ? {} : { vars }),
    ...(sample === undefined ? {} : { sample: { ...sample } }),
    ...(eventTimeStartMs === undefined ? {} : { eventTimeStartMs }),
    ...(eventTimeEndMs === undefined ? {} : { eventTimeEndMs }),
  };
}

const read = new WeakMap<JsonObject, RunArguments>();

/** What `argumentsToJson` wrote; the same object for the same options. */
export function argumentsOf(room: JsonObject | undefined): RunArguments {
  if (!room) return plainArguments;
  let found = read.get(room);
  if (!found)
    read.set(
      room,
      (found = {
        ...plainArguments,
        ...(room as JsonObject & Partial<Record<string, JsonValue>>),
      } as RunArguments),
    );
  return found;
}
