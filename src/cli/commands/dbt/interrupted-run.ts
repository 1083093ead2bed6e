import { canonicalJson, type JsonObject } from '../../../core/json.ts';
import type { Plan } from '../../../core/plan.ts';
import { isOwnershipLive, mayBeAlive } from '../../../engine/index.ts';
import type { Session } from '../../../project/session.ts';

/**
 * The run that a killed process has left with the same plan, to be gone on with; undefined when there is none, or when
 * another process is at work. Others that nobody waits for are cancelled: what they were to do is outdated.
 */
export async function interruptedRun({ store, engine }: Session, plan: Plan): Promise<string | undefined> {
  const { holder } = await store.readOwnership();
  if (holder && isOwnershipLive(holder, Date.now())) return undefined;
  let found: string | undefined;
  for (const { id, state, enqueuedBy } of await store.openRuns()) {
    const isAwaited = enqueuedBy !== undefined && mayBeAlive(enqueuedBy);
    if (state === 'queued' || isAwaited) continue;
    const run = await store.findRun(id);
    if (!run) continue;
    if (found === undefined && run.state !== 'cancelling' && sameWork(run.plan, plan)) found = id;
    else await engine.cancel(id);
  }
  return found;
}

function sameWork(left: Plan, right: Plan): boolean {
  return (
    left.selection === right.selection &&
    left.manifestHash === right.manifestHash &&
    left.options.fullRefresh === right.options.fullRefresh &&
    argumentsText(left) === argumentsText(right)
  );
}

/** Every invocation has an id of its own. */
function argumentsText({ options }: Plan): string {
  const { invocationId: _id, ...rest }: JsonObject = options.room ?? {};
  return canonicalJson(rest);
}
