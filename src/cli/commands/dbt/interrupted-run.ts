import { canonicalJson, type JsonObject } from '../../../core/json.ts';
import type { Plan } from '../../../core/plan.ts';
import { mayBeAlive } from '../../../engine/index.ts';
import type { Session } from '../../../project/session/session.ts';

/**
 * The run that a killed process has left with the same plan, to be gone on with. Others that nobody waits for are
 * cancelled: what they were to do is outdated. Only for when no process is at work.
 */
export async function interruptedRun(
  { store, engine }: Pick<Session, 'store' | 'engine'>,
  plan: Plan,
): Promise<string | undefined> {
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
