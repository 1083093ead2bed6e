import { cronsOf } from '../../core/condition.ts';
import type { NodeKey } from '../../core/node.ts';
import { nodeOfKey } from '../../core/plan.ts';
import type { ConditionGraph } from './condition-graph.ts';
import { type KeptMemory, lookAtConditions } from './condition-pass.ts';
import type { ConditionPlace } from './condition-place.ts';
import { createRunSteps } from './run-steps.ts';

const eventsAtATime = 1000;
/** All conditions are looked at so often, whatever was heard. */
const everythingMilliseconds = 60_000;

/** Looks at conditions when something that they depend on has happened. */
export interface ConditionBoard {
  /** Looks at what is due. Resolves to how long nothing is due by the clock. Throws only errors of the ledger. */
  check(): Promise<number>;
  /** Forgets what was learned: somebody else had the project meanwhile. */
  reset(): void;
}

export function createConditionBoard(place: ConditionPlace): ConditionBoard {
  const memories = new Map<NodeKey, KeptMemory>();
  let runSteps = createRunSteps(place);
  let known: ConditionGraph | undefined;
  let sequence = 0;
  let everythingAtMs = 0;
  let lastMs = 0;

  const hear = async (graph: ConditionGraph): Promise<Set<NodeKey>> => {
    const affected = new Set<NodeKey>();
    for (;;) {
      const events = await place.store.events({
        types: ['step_state', 'run_state'],
        afterSequence: sequence,
        limit: eventsAtATime,
      });
      for (const event of events) {
        if (event.type === 'step_state' && event.state !== 'pending' && event.state !== 'running')
          for (const key of graph.watchers.get(nodeOfKey(event.step)) ?? []) affected.add(key);
        if (event.type === 'run_state' && event.state === 'cancelled')
          for (const key of await runSteps.keysOf(event.runId))
            for (const watcher of graph.watchers.get(key) ?? []) affected.add(watcher);
      }
      sequence = events.at(-1)?.sequence ?? sequence;
      if (events.length < eventsAtATime) return affected;
    }
  };

  const addClockwork = (graph: ConditionGraph, affected: Set<NodeKey>, nowMs: number): number => {
    let nextMs = everythingAtMs;
    for (const { key, condition } of graph.nodes) {
      for (const { cron, timeZone } of cronsOf(condition)) {
        const timetable = place.cron(cron, timeZone);
        if (timetable.latest(nowMs) > lastMs) affected.add(key);
        nextMs = Math.min(nextMs, timetable.next(nowMs) ?? Infinity);
      }
    }
    return nextMs;
  };

  return {
    check: async () => {
      const graph = place.graph();
      const nowMs = place.clock.nowMs();
      if (graph.nodes.length === 0) return Infinity;
      const isEverything = known !== graph || nowMs >= everythingAtMs || nowMs < lastMs;
      const before = { sequence, lastMs, everythingAtMs };
      if (known !== graph) sequence = await place.store.lastSequence();
      const affected = await hear(graph);
      if (isEverything) {
        for (const { key } of graph.nodes) affected.add(key);
        everythingAtMs = nowMs + everythingMilliseconds;
      }
      const nextMs = addClockwork(graph, affected, nowMs);
      lastMs = nowMs;
      known = graph;
      try {
        while (affected.size > 0 && !(await lookAtConditions(place, runSteps, memories, affected)));
      } catch (error) {
        ({ sequence, lastMs, everythingAtMs } = before);
        known = undefined;
        memories.clear();
        throw error;
      }
      return Math.max(nextMs - nowMs, 0);
    },
    reset: () => {
      memories.clear();
      runSteps = createRunSteps(place);
      known = undefined;
    },
  };
}
