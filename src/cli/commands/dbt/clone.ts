import { resolve } from 'node:path';
import { tmpdir } from 'node:os';
import { ConfigError } from '../../../core/errors.ts';
import { openPool } from '../../../project/session/session.ts';
import { type Clone, cloneRelations } from '../../../transform/index.ts';
import { exitCodes } from '../../terminal/exit-code.ts';
import { printJson, printLine } from '../../terminal/output.ts';
import { artifactRelation } from './deferral.ts';
import { invocationArguments } from './invocation-arguments.ts';
import { runResultsArtifact } from './run-results.ts';
import { relationText } from './relation-text.ts';
import type { DbtFlags } from './dbt-options.ts';
import { checkedManifest, selectNodes } from './selected.ts';
import { openWorkspace, readArtifact, writeArtifact, writeManifest } from './workspace.ts';

const words: Readonly<Record<Clone['outcome'], string>> = {
  created: 'created view',
  exists: 'exists already (see --full-refresh)',
  missing: 'is not there in the other environment',
};

/** `millrace clone`: views here of what another environment has built. */
export async function cloneCommand(
  place: { readonly project: string | undefined },
  flags: DbtFlags,
): Promise<number> {
  const workspace = await openWorkspace(place, flags);
  const { project, transform } = workspace;
  const folder = flags.state ?? flags.deferState;
  const artifact = folder === undefined ? undefined : await readArtifact(resolve(folder), 'manifest.json');
  if (folder === undefined || !artifact) {
    throw new ConfigError('clone needs the manifest.json of the other environment', {
      code: 'state_missing',
      next: 'Name its folder: --state path/to/artifacts',
    });
  }
  const other = checkedManifest(artifact, folder);
  const { ids, manifest } = await selectNodes(workspace, ['model', 'seed', 'snapshot']);
  const requests = ids.flatMap((id) => {
    const there = other.nodes[id];
    const from = there && artifactRelation(there);
    return from && there.config?.['materialized'] !== 'ephemeral' ? [{ id, from }] : [];
  });
  const pool = openPool(project, tmpdir());
  const startedAtMs = Date.now();
  let clones: readonly Clone[];
  try {
    clones = await cloneRelations(transform, pool.get, requests, flags.fullRefresh === true);
  } finally {
    await pool.close();
  }
  const results = clones.map(({ id, outcome }) => ({
    id,
    status: 'success' as const,
    message: words[outcome],
    failures: null,
    startedAtMs,
    finishedAtMs: Date.now(),
    compiledSql: undefined,
    relation: relationText(transform.manifest.byId.get(id)),
    response: {},
  }));
  const runResults = runResultsArtifact(workspace, results, invocationArguments(workspace, 'clone'));
  await writeManifest(workspace, manifest);
  await writeArtifact(workspace, 'run_results.json', runResults);
  if (flags.json === true) printJson(runResults);
  else {
    for (const { id, outcome } of clones) printLine(`${id}  ${words[outcome]}`);
    printLine(
      `Done. ${clones.filter(({ outcome }) => outcome === 'created').length} of ${clones.length} created`,
    );
  }
  return exitCodes.success;
}
