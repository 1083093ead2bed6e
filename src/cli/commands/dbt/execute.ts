import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { RunRecord, StepRecord } from '../../../core/ledger.ts';
import type { NodeKey } from '../../../core/node.ts';
import type { Plan } from '../../../core/plan.ts';
import type { RunEvent } from '../../../core/run-event.ts';
import { isOwnershipLive, makePlan } from '../../../engine/index.ts';
import { stateFolderName } from '../../../project/reading/project.ts';
import { openSession, type Session } from '../../../project/session/session.ts';
import { argumentsToJson, type RunArguments } from '../../../transform/index.ts';
import { exitCodes } from '../../terminal/exit-code.ts';
import { graphKey } from './graph-key.ts';
import { interruptedRun } from './interrupted-run.ts';
import type { Workspace } from './workspace.ts';

/** How often it is looked whether another process has ended. */
const waitMs = 200;

export interface ExecutionRequest {
  /** What the ledger knows the run by, such as `build --select stg+`. */
  readonly title: string;
  /** Ids of the nodes to build and test. */
  readonly ids: readonly string[];
  readonly given: RunArguments;
  readonly failFast: boolean;
  /** Called when a step begins and when it has ended. */
  onStep(step: Pick<StepRecord, 'key' | 'state'>, total: number): void;
}

/** Runs the nodes through the project's engine, so that the ledger knows of it, and gives what came of each. */
export async function executeNodes(
  workspace: Workspace,
  session: Session,
  request: ExecutionRequest,
): Promise<RunRecord> {
  const { project, transform } = workspace;
  const plan = makePlan(project.graph, {
    select: request.title,
    keys: request.ids.map((id) => graphKey(project.graph, transform, id)),
    manifestHash: project.manifest.hash,
    // Models with partitions are built by the batches that dbt finds due.
    targets: new Map(),
    options: { fullRefresh: request.given.isFullRefresh, room: argumentsToJson(request.given) },
  });
  const { engine } = session;
  const interrupted = await takeOver(session, plan, workspace.isOwn);
  if (interrupted) process.stderr.write(`Continuing run ${interrupted}, which was interrupted\n`);
  const runId = interrupted ?? (await engine.enqueue(plan, { kind: 'command' }));
  const afterSequence = interrupted ? await session.store.lastSequence() : 0;
  let isCancelling = false;
  const cancel = (): void => {
    if (isCancelling) process.exit(exitCodes.cancelled);
    isCancelling = true;
    void engine.cancel(runId);
  };
  process.on('SIGINT', cancel);
  process.on('SIGTERM', cancel);
  try {
    for await (const event of engine.tailEvents({ runId, afterSequence })) {
      if (event.type !== 'step_state') continue;
      request.onStep({ key: event.step, state: event.state }, plan.steps.length);
      if (request.failFast && isFailure(event) && !isCancelling) {
        isCancelling = true;
        await engine.cancel(runId);
      }
    }
    return await engine.waitForRun(runId);
  } finally {
    process.off('SIGINT', cancel);
    process.off('SIGTERM', cancel);
  }
}

/**
 * Becomes the one that executes the project's runs, or hands the run over to who does; one that has variables of its own
 * is handed over to nobody, and waits. Gives the run that was left with the same plan.
 */
async function takeOver({ store, engine }: Session, plan: Plan, isOwn: boolean): Promise<string | undefined> {
  let isNoted = false;
  for (;;) {
    const { holder } = await store.readOwnership();
    const isBusy = holder !== undefined && isOwnershipLive(holder, Date.now());
    const interrupted = isBusy ? undefined : await interruptedRun({ store, engine }, plan);
    const attempt = isBusy && isOwn ? undefined : await (isOwn ? engine.acquireOwnership() : engine.start());
    if (attempt?.acquired) return interrupted;
    if (!isNoted) {
      process.stderr.write(
        `Another millrace (${holder?.owner ?? 'unknown'}) is at work in this project; waiting for it\n`,
      );
    }
    isNoted = true;
    if (!isOwn) return undefined;
    await wait(waitMs);
  }
}

function isFailure(event: RunEvent): boolean {
  return event.type === 'step_state' && event.state === 'failed';
}

/** Opens the project's ledger and connections for the time of `work`. */
export async function withSession<T>(
  workspace: Workspace,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(workspace.project);
  await hideState(workspace);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

/** What Millrace remembers is nothing to commit into somebody's dbt project. */
async function hideState({ project, root }: Workspace): Promise<void> {
  if (project.folder !== root) return;
  const file = join(project.folder, stateFolderName, '.gitignore');
  await writeFile(file, '*\n', { flag: 'wx' }).catch(() => undefined);
}

/** Steps by the key of their node. */
export function stepsByKey(run: RunRecord): ReadonlyMap<NodeKey, StepRecord> {
  return new Map(run.steps.map((step) => [step.key, step]));
}
