import type { StepDispatch, WorkerNeed, WorkerRecord } from '../core/dispatch.ts';
import type { PlanStep } from '../core/plan.ts';
import type { Clock } from '../core/ports.ts';
import type { Definitions } from './engine.ts';
import { mayBeAlive } from './owner.ts';

/** The workers of a project, as its owner sees them. */
export interface Crew {
  readonly dispatch: StepDispatch;
  /** Reads who is there, and ends those that are lost, so that others get their steps. */
  look(): Promise<void>;
  /** Whether workers are to do a step, and what they have to be like. */
  needOf(step: PlanStep): WorkerNeed | undefined;
  /** Why no worker takes a step with that need, though they are to; undefined when one can. */
  missing(need: WorkerNeed): string | undefined;
}

export interface CrewOptions {
  readonly definitions: () => Definitions;
  readonly workerPools?: readonly string[];
  readonly executesSteps?: boolean;
}

export function createCrew(dispatch: StepDispatch, clock: Clock, options: CrewOptions): Crew {
  const { workerPools = [], executesSteps = true } = options;
  let seen: readonly WorkerRecord[] = [];
  const atWork = (): readonly WorkerRecord[] =>
    seen.filter(({ isAlive, isDraining }) => isAlive && !isDraining);
  return {
    dispatch,
    look: async () => {
      const found = await dispatch.workers();
      const dead = found.filter(({ owner }) => !mayBeAlive(owner)).map(({ owner }) => owner);
      const areLost = dead.length > 0 || found.some(({ isAlive }) => !isAlive);
      const retired = areLost
        ? await dispatch.retireWorkers(dead, clock.nowMs(), 'Its worker has ended or was silent for too long')
        : [];
      seen = found.filter(({ owner }) => !retired.includes(owner));
    },
    needOf: ({ pool, runsOn, forEach }) => {
      if (runsOn === 'owner' || forEach !== undefined) return undefined;
      const { manifestHash } = options.definitions();
      const isForWorkers = pool !== undefined && workerPools.includes(pool);
      const need: WorkerNeed = isForWorkers ? { pool, manifestHash } : { manifestHash };
      const mustWait = isForWorkers || !executesSteps;
      return mustWait || atWork().some((worker) => fits(worker, need)) ? need : undefined;
    },
    missing: (need) => {
      const able = atWork().filter((worker) => isOfPool(worker, need));
      if (able.some((worker) => fits(worker, need))) return undefined;
      const start = `millrace worker${need.pool === undefined ? '' : ` --pool ${need.pool}`}`;
      return able.length === 0
        ? `Waits for a worker; start one with: ${start}`
        : `Waits for a worker that has read the same version of the project as its owner (${need.manifestHash.slice(0, 8)}); ` +
            `${able.length} of another version (${able[0]?.manifestHash.slice(0, 8)}) ${able.length === 1 ? 'is' : 'are'} there`;
    },
  };
}

function fits(worker: WorkerRecord, need: WorkerNeed): boolean {
  return worker.manifestHash === need.manifestHash && isOfPool(worker, need);
}

/** One that was started for pools takes no other steps. */
function isOfPool({ pools }: WorkerRecord, { pool }: WorkerNeed): boolean {
  return pool === undefined ? pools.length === 0 : pools.includes(pool);
}
