import { ConfigError } from '../../../core/errors.ts';
import type { JsonObject } from '../../../core/json.ts';
import { type RunArguments, withCompiled } from '../../../transform/index.ts';
import { exitCodes } from '../../terminal/exit-code.ts';
import { printJson, printLine } from '../../terminal/output.ts';
import { compiledOf } from './compiled-nodes.ts';
import { type DbtFlags, words } from './dbt-options.ts';
import { deferredRelations } from './deferral.ts';
import { eventTime } from './event-time.ts';
import { sampleOf } from './sample.ts';
import { isWarningError } from './warn-error.ts';
import { executeNodes, withSession } from './execute.ts';
import { invocationArguments } from './invocation-arguments.ts';
import { createProgress, printResults } from './result-view.ts';
import { type NodeResult, resultsOf, runResultsArtifact } from './run-results.ts';
import { selectNodes, type Selected } from './selected.ts';
import { openWorkspace, type Workspace, writeArtifact, writeManifest } from './workspace.ts';

/** Commands that build or test nodes, with the resource types that each takes. */
export const executingCommands: Readonly<Record<ExecutingCommand, readonly string[]>> = {
  build: ['model', 'seed', 'snapshot', 'test', 'unit_test'],
  run: ['model'],
  test: ['test', 'unit_test'],
  seed: ['seed'],
  snapshot: ['snapshot'],
};
export type ExecutingCommand = 'build' | 'run' | 'test' | 'seed' | 'snapshot';

/** `millrace build`, `test`, `seed` and `snapshot`: gives dbt's exit code. */
export async function buildCommand(
  place: { readonly project: string | undefined },
  command: ExecutingCommand,
  flags: DbtFlags,
): Promise<number> {
  const workspace = await openWorkspace(place, flags);
  const selected = await selectNodes(workspace, executingCommands[command]);
  return await buildSelected(workspace, command, selected);
}

/** Builds what is selected, writes the artifacts, and says how it went. */
export async function buildSelected(
  workspace: Workspace,
  command: ExecutingCommand,
  selected: Selected,
): Promise<number> {
  const { flags, transform, project } = workspace;
  if (project.parts.dbt && flags.defer === true) {
    throw new ConfigError('--defer cannot be handed on to dbt', {
      code: 'flag_invalid',
      next: 'Let Millrace build, without --executor dbt; or call dbt itself.',
    });
  }
  const ids = selected.ids.filter((id) => {
    const node = transform.manifest.byId.get(id);
    return node !== undefined && !(node.kind === 'model' && node.config.materialized === 'ephemeral');
  });
  tellSelection(flags, selected.warnings);
  const args = invocationArguments(workspace, command);
  if (ids.length === 0) return await finish(workspace, selected, [], args);
  const results = await withSession(workspace, async (session) => {
    const given = {
      command,
      invocationId: workspace.invocation.id,
      targetFolder: workspace.targetFolder,
      isEmpty: flags.empty === true,
      storesFailures: flags.storeFailures === true,
      isFullRefresh: flags.fullRefresh === true,
      selected: selected.ids,
      deferred: await deferredRelations(workspace, session.connections.get, selected),
      ...runTimes(flags, workspace.startedAtMs),
    };
    const run = await executeNodes(workspace, session, {
      title: titleOf(workspace, command),
      ids,
      given,
      failFast: flags.failFast === true,
      onStep: createProgress(flags.quiet === true || flags.json === true),
    });
    return resultsOf(workspace, run, ids);
  });
  return await finish(workspace, selected, results, args);
}

/** The stretches of event time that the run is for; a sample is also what microbatch models build. */
function runTimes(
  flags: DbtFlags,
  nowMs: number,
): Pick<RunArguments, 'eventTimeStartMs' | 'eventTimeEndMs' | 'sample'> {
  const sample = sampleOf(flags.sample, nowMs);
  const { eventTimeStartMs, eventTimeEndMs } = eventTime(flags);
  return {
    sample,
    eventTimeStartMs: eventTimeStartMs ?? sample?.startMs,
    eventTimeEndMs: eventTimeEndMs ?? sample?.endMs,
  };
}

/** Throws a ConfigError where a criterion that selects nothing is to be an error. */
function tellSelection(flags: DbtFlags, warnings: readonly string[]): void {
  const [first] = warnings;
  if (first !== undefined && isWarningError(flags, 'NoNodesForSelectionCriteria')) {
    throw new ConfigError(first, { code: 'selection_empty' });
  }
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
}

/** What the ledger knows the run by; whatever changes its work is part of it. */
function titleOf({ flags, vars }: Workspace, command: ExecutingCommand): string {
  const given: readonly (readonly [string, string | undefined])[] = [
    ['', [...words(flags.select), ...words(flags.models)].join(' ')],
    ['--exclude ', words(flags.exclude).join(' ')],
    ['--selector ', flags.selector],
    ['--target ', flags.target],
    ['--executor ', flags.executor],
    ['--vars ', Object.keys(vars).length === 0 ? undefined : JSON.stringify(vars)],
  ];
  const parts = given.flatMap(([flag, value]) => (value === undefined || value === '' ? [] : [flag + value]));
  return [command, ...parts].join(' ');
}

async function finish(
  workspace: Workspace,
  selected: Selected,
  results: readonly NodeResult[],
  args: JsonObject,
): Promise<number> {
  const { flags } = workspace;
  const artifact = runResultsArtifact(workspace, results, args);
  // dbt has written its own.
  if (!workspace.project.parts.dbt) {
    const compiled = compiledOf(workspace, results);
    await writeManifest(workspace, withCompiled(selected.manifest, compiled));
  }
  await writeArtifact(workspace, 'run_results.json', artifact);
  if (flags.json === true) printJson(artifact);
  else if (results.length === 0) printLine('Nothing to do: the selection is empty.');
  else printResults(workspace, results, flags.quiet === true);
  return exitCodeOf(results, flags);
}

/** 0 when everything went well, 1 otherwise; with --warn-error a warning counts too. */
export function exitCodeOf(results: readonly NodeResult[], flags: DbtFlags): number {
  const isBad = results.some(
    ({ status }) =>
      status === 'error' ||
      status === 'fail' ||
      status === 'skipped' ||
      (status === 'warn' && isWarningError(flags, 'LogTestResult')),
  );
  return isBad ? exitCodes.failed : exitCodes.success;
}
