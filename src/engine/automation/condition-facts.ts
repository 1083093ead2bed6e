import type { JsonObject } from '../../core/json.ts';
import type { NodeKey } from '../../core/node.ts';

/** What conditions of one node are decided by, at one moment. Times are milliseconds since 1970, UTC. */
export interface ConditionFacts {
  /** Of the latest success. */
  readonly made?: { readonly startedAtMs: number; readonly finishedAtMs: number } | undefined;
  readonly isInProgress: boolean;
  /** Of a node with partitions: the newest ones that are missing and can be made; may be empty. */
  readonly missingPartitions?: string | undefined;
  /** What is directly upstream and can be run. */
  readonly upstream: readonly UpstreamFacts[];
  /** Print of the node's definition. */
  readonly code: string;
  /** The last time of each cron, by `cronName`; 0 when it had none yet. */
  readonly cronTimes: ReadonlyMap<string, number>;
  readonly memory: ConditionMemory;
}

export interface UpstreamFacts {
  readonly key: NodeKey;
  readonly madeAtMs?: number | undefined;
  /** It was made by a run that the node was part of too. */
  readonly isShared: boolean;
  readonly isInProgress: boolean;
  /** A run of it is asked for at this moment, together with the node if that is asked for. Then: for what cause. */
  readonly requestedFor?: string | undefined;
  /** Error checks that failed for what is there now, or go on. */
  readonly openChecks: readonly string[];
}

/** What is remembered of a node between two looks, as a note of the ledger. */
export interface ConditionMemory extends JsonObject {
  /** What was dealt with: by a run that was asked for, or because it was so when the node was first seen. */
  readonly upstream: { readonly [key: NodeKey]: number };
  readonly crons: { readonly [name: string]: number };
  readonly code: string;
  /** Another definition, and when it was first seen; null when it is the one in `code`. */
  readonly newCode: { readonly print: string; readonly sinceMs: number } | null;
  /** What was true, by place in the condition. */
  readonly latches: { readonly [place: string]: boolean };
  /** For what the last run was asked for: there is one run for one cause. */
  readonly cause: string | null;
  readonly requested: { readonly runId: string; readonly atMs: number } | null;
}

/** What is so when a node is first seen has been dealt with. */
export function firstMemory(facts: Omit<ConditionFacts, 'memory'>): ConditionMemory {
  return {
    upstream: marksOf(facts.upstream, {}),
    crons: Object.fromEntries(facts.cronTimes),
    code: facts.code,
    newCode: null,
    latches: {},
    cause: null,
    requested: null,
  };
}

/** Takes in a changed definition, a run that was made with it, and crons that are new in the condition. */
export function refreshedMemory(
  { made, code, cronTimes }: Omit<ConditionFacts, 'memory'>,
  memory: ConditionMemory,
  nowMs: number,
): ConditionMemory {
  const crons = Object.fromEntries([...cronTimes].map(([name, atMs]) => [name, memory.crons[name] ?? atMs]));
  const newCode =
    code === memory.code
      ? null
      : memory.newCode?.print === code
        ? memory.newCode
        : { print: code, sinceMs: nowMs };
  const isMadeSince = newCode !== null && made !== undefined && made.startedAtMs >= newCode.sinceMs;
  return isMadeSince ? { ...memory, crons, code, newCode: null } : { ...memory, crons, newCode };
}

/** After a run was asked for: everything that is so now has been dealt with. */
export function handledMemory(
  { upstream, code, cronTimes }: ConditionFacts,
  memory: ConditionMemory,
  request: { readonly cause: string; readonly runId: string; readonly atMs: number },
): ConditionMemory {
  return {
    ...memory,
    upstream: marksOf(upstream, memory.upstream),
    crons: Object.fromEntries(cronTimes),
    code,
    newCode: null,
    cause: request.cause,
    requested: { runId: request.runId, atMs: request.atMs },
  };
}

/** What a run would be asked for now. Two equal ones are one cause, whatever came of its run. */
export function causeOf(facts: ConditionFacts): string {
  const { upstream, code, cronTimes, memory, missingPartitions = '' } = facts;
  const marks = marksOf(upstream, memory.upstream);
  const requested = upstream.map(({ key, requestedFor }) => [key, requestedFor ?? marks[key] ?? 0] as const);
  const parts = [requested.toSorted(([a], [b]) => (a < b ? -1 : 1)), [...cronTimes], code];
  return JSON.stringify(missingPartitions === '' ? parts : [...parts, missingPartitions]);
}

/** What was made together with the node is no news for it, even if the node itself failed there. */
function marksOf(
  upstream: readonly UpstreamFacts[],
  before: Readonly<Record<NodeKey, number>>,
): Record<NodeKey, number> {
  const marks: Record<NodeKey, number> = {};
  for (const { key, madeAtMs, isShared } of upstream) {
    const mark = isShared ? before[key] : madeAtMs;
    if (mark !== undefined) marks[key] = mark;
  }
  return marks;
}
