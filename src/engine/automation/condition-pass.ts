import { MillraceError } from '../../core/errors.ts';
import type { Completion } from '../../core/executor.ts';
import type { JsonValue } from '../../core/json.ts';
import type { NodeKey } from '../../core/node.ts';
import type { Plan } from '../../core/plan.ts';
import type { NewRun, NoteWrite } from '../../core/ports.ts';
import type { TriggerTick } from '../../core/trigger.ts';
import { cronName, cronsOf } from '../../core/condition.ts';
import {
  causeOf,
  type ConditionFacts,
  type ConditionMemory,
  firstMemory,
  handledMemory,
  refreshedMemory,
  type UpstreamFacts,
} from './condition-facts.ts';
import type { ConditionedNode, ConditionGraph } from './condition-graph.ts';
import { type ConditionPlace, conditionNoteName } from './condition-place.ts';
import { evaluate, isUpdated, summarize } from './evaluation.ts';
import type { RunSteps } from './run-steps.ts';

/** A note as it was read last. Nobody else writes it as long as this engine owns the project. */
export interface KeptMemory {
  readonly version: number;
  readonly memory: ConditionMemory | undefined;
  /** What the last written tick said. */
  readonly said: string;
}

interface Look {
  readonly node: ConditionedNode;
  readonly kept: KeptMemory;
  readonly memory: ConditionMemory;
  readonly facts: ConditionFacts;
  readonly tick: TriggerTick;
}

/**
 * Looks at the conditions of the nodes in `affected`, and of those downstream of what it asks for: they come along in the same
 * run. Run, memories and ticks are one transaction. False when somebody else has written them meanwhile: `memories` is empty
 * then, and it has to be tried again.
 */
export async function lookAtConditions(
  place: ConditionPlace,
  runSteps: RunSteps,
  memories: Map<NodeKey, KeptMemory>,
  affected: ReadonlySet<NodeKey>,
): Promise<boolean> {
  const graph = place.graph();
  const atMs = place.clock.nowMs();
  const runId = place.createRunId(atMs);
  const situation = await readSituation(place, runSteps, graph, affected);
  const requested = new Map<NodeKey, string>();
  const looks: Look[] = [];
  for (const node of graph.nodes) {
    if (!affected.has(node.key) && !node.upstream.some((key) => requested.has(key))) continue;
    const kept = memories.get(node.key) ?? (await readMemory(place, node.key));
    memories.set(node.key, kept);
    const facts = await factsOf(place, runSteps, situation, node, requested);
    looks.push(lookAt(node, facts, kept, { atMs, runId, requested }));
  }
  const keys = [...requested.keys()];
  const plan = await planOf(place, keys, onlyMissing(looks));
  const trigger = triggerOf(keys);
  if (plan instanceof MillraceError)
    return write(
      place,
      memories,
      looks.map((look) => unplanned(look, plan)),
    );
  const run = plan && { id: runId, plan, trigger, createdAtMs: atMs };
  const isWritten = await write(place, memories, looks, run);
  if (isWritten && run) place.onRuns();
  return isWritten;
}

/** The partitions of nodes that are asked for because these are missing, and nothing that they read is new. */
function onlyMissing(looks: readonly Look[]): ReadonlyMap<NodeKey, string> {
  return new Map(
    looks.flatMap(({ node, facts, tick }) => {
      const { missingPartitions = '', upstream } = facts;
      const isAsked = tick.outcome === 'started' && missingPartitions !== '';
      return isAsked && !upstream.some((up) => isUpdated(up, facts)) ? [[node.key, missingPartitions]] : [];
    }),
  );
}

async function planOf(
  place: ConditionPlace,
  keys: readonly NodeKey[],
  partitions: ReadonlyMap<NodeKey, string>,
): Promise<Plan | MillraceError | undefined> {
  if (keys.length === 0) return undefined;
  try {
    return await place.plan(keys, partitions);
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
}

/** What cannot be planned is not asked for again before there is another cause. */
function unplanned(look: Look, error: MillraceError): Look {
  if (look.tick.outcome !== 'started') return look;
  return { ...look, tick: { ...look.tick, outcome: 'failed', runIds: [], reason: error.message } };
}

interface Situation {
  readonly completions: ReadonlyMap<NodeKey, Completion>;
  readonly inProgress: ReadonlySet<NodeKey>;
  readonly checks: ConditionGraph['checks'];
}

async function readSituation(
  place: ConditionPlace,
  runSteps: RunSteps,
  graph: ConditionGraph,
  affected: ReadonlySet<NodeKey>,
): Promise<Situation> {
  const keys = affected.size * 20 < graph.nodes.length ? nearby(graph, affected) : undefined;
  const completions = await place.store.latestCompletions(keys);
  return {
    completions: new Map(completions.map((completion) => [completion.key, completion])),
    inProgress: await runSteps.inProgress(),
    checks: graph.checks,
  };
}

/** Everything that a look at these nodes, and at those downstream of them, reads. */
function nearby(graph: ConditionGraph, affected: ReadonlySet<NodeKey>): readonly NodeKey[] {
  const looked = new Set(affected);
  const read = new Set<NodeKey>();
  for (const { key, upstream } of graph.nodes) {
    if (!looked.has(key) && !upstream.some((from) => looked.has(from))) continue;
    looked.add(key);
    read.add(key);
    for (const from of upstream) {
      read.add(from);
      for (const check of graph.checks.get(from) ?? []) read.add(check);
    }
  }
  return [...read];
}

async function readMemory(place: ConditionPlace, key: NodeKey): Promise<KeptMemory> {
  const note = await place.store.readNote(conditionNoteName(key));
  return {
    version: note?.version ?? 0,
    memory: note?.value as ConditionMemory | undefined,
    said: '',
  };
}

async function factsOf(
  place: ConditionPlace,
  runSteps: RunSteps,
  situation: Situation,
  { key, condition, upstream }: ConditionedNode,
  requested: ReadonlyMap<NodeKey, string>,
): Promise<Omit<ConditionFacts, 'memory'>> {
  const completion = situation.completions.get(key);
  const nowMs = place.clock.nowMs();
  const crons = cronsOf(condition);
  return {
    made: completion && {
      finishedAtMs: completion.finishedAtMs,
      startedAtMs: completion.finishedAtMs - completion.durationMs,
    },
    isInProgress: situation.inProgress.has(key),
    missingPartitions: await place.missingPartitions(key),
    upstream: await Promise.all(
      upstream.map((from) => upstreamFacts(runSteps, situation, from, key, requested.get(from))),
    ),
    code: place.print(key),
    cronTimes: new Map(
      crons.map((entry) => [cronName(entry), place.cron(entry.cron, entry.timeZone).latest(nowMs)]),
    ),
  };
}

async function upstreamFacts(
  runSteps: RunSteps,
  { completions, inProgress, checks }: Situation,
  key: NodeKey,
  reader: NodeKey,
  requestedFor: string | undefined,
): Promise<UpstreamFacts> {
  const made = completions.get(key);
  const openChecks = (checks.get(key) ?? []).filter((check) => {
    const found = completions.get(check);
    const isOfThis = found !== undefined && found.finishedAtMs >= (made?.finishedAtMs ?? 0);
    return inProgress.has(check) || (isOfThis && found.check?.passed === false);
  });
  return {
    key,
    madeAtMs: made?.finishedAtMs,
    isShared: made !== undefined && (await runSteps.keysOf(made.runId)).has(reader),
    isInProgress: inProgress.has(key),
    requestedFor,
    openChecks,
  };
}

function lookAt(
  node: ConditionedNode,
  found: Omit<ConditionFacts, 'memory'>,
  kept: KeptMemory,
  now: { readonly atMs: number; readonly runId: string; readonly requested: Map<NodeKey, string> },
): Look {
  const { atMs, runId } = now;
  const memory = kept.memory ? refreshedMemory(found, kept.memory, atMs) : firstMemory(found);
  const facts = { ...found, memory };
  const { evaluation, latches } = evaluate(node.condition, facts);
  const next = { ...memory, latches };
  const tick = { trigger: conditionNoteName(node.key), atMs, detail: evaluation as JsonValue };
  const why = summarize(evaluation);
  if (!evaluation.isTrue)
    return {
      node,
      kept,
      memory: next,
      facts,
      tick: { ...tick, outcome: 'skipped', runIds: [], reason: why },
    };
  const cause = causeOf(facts);
  if (cause === memory.cause) {
    const before = memory.requested === null ? '' : `: the run ${memory.requested.runId}`;
    const reason = `A run was asked for already, for the same cause${before}`;
    return { node, kept, memory: next, facts, tick: { ...tick, outcome: 'skipped', runIds: [], reason } };
  }
  now.requested.set(node.key, cause);
  return {
    node,
    kept,
    facts,
    memory: handledMemory(facts, next, { cause, runId, atMs }),
    tick: { ...tick, outcome: 'started', runIds: [runId], reason: why },
  };
}

async function write(
  place: ConditionPlace,
  memories: Map<NodeKey, KeptMemory>,
  looks: readonly Look[],
  run?: NewRun,
): Promise<boolean> {
  const isChanged = ({ memory, kept }: Look): boolean =>
    JSON.stringify(memory) !== JSON.stringify(kept.memory);
  const saidOf = ({ tick }: Look): string => JSON.stringify([tick.outcome, tick.reason, tick.detail]);
  const changed = looks.filter((look) => isChanged(look));
  const told = looks.filter((look) => look.tick.outcome === 'started' || saidOf(look) !== look.kept.said);
  if (changed.length === 0 && told.length === 0) return true;
  const result = await place.store.commitTriggers({
    notes: changed.map(({ node, kept, memory }): NoteWrite => {
      return { name: conditionNoteName(node.key), expectedVersion: kept.version, value: memory };
    }),
    runs: run ? [{ run }] : [],
    ticks: told.map(({ tick }) => tick),
  });
  if (!result.isWritten) {
    memories.clear();
    return false;
  }
  for (const look of looks) {
    const version = look.kept.version + (isChanged(look) ? 1 : 0);
    memories.set(look.node.key, { version, memory: look.memory, said: saidOf(look) });
  }
  return true;
}

function triggerOf(keys: readonly NodeKey[]): { readonly kind: 'condition'; readonly name: string } {
  const [first = ''] = keys;
  return {
    kind: 'condition',
    name: keys.length > 1 ? `${first} and ${keys.length - 1} more` : `of ${first}`,
  };
}
