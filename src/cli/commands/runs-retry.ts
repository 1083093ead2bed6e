import { makeRetryPlan, readPartitionWorld } from '../../engine/index.ts';
import { openSession } from '../../project/session/session.ts';
import { findRun } from './ledger-run.ts';
import { openProject, type Place } from './open-project.ts';
import { executePlan } from './run.ts';
import { runSwitches } from './run-switches.ts';

/** Does what a run of the project has left undone, and shows it as `millrace run` does. */
export async function retryRun(
  options: Place & { readonly id: string; readonly json: boolean },
): Promise<number> {
  const project = await openProject(options);
  const session = await openSession(project);
  try {
    const { store } = session;
    const { graph, manifest } = project;
    const { run } = await findRun([store], options.id);
    const world = await readPartitionWorld(store, graph, Date.now());
    const plan = makeRetryPlan({ graph, manifestHash: manifest.hash, world }, run);
    const switches = runSwitches(project.environment);
    return await executePlan(
      session,
      plan,
      { switches },
      { json: options.json || switches.json, stream: process.stdout, verbose: 'warn' },
    );
  } finally {
    await session.close();
  }
}
