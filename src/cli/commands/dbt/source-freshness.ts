import { tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { mkdir, writeFile } from 'node:fs/promises';
import { openPool } from '../../../project/session/session.ts';
import { type Freshness, hasFreshness, measureFreshness, sourcesArtifact } from '../../../transform/index.ts';
import { exitCodes } from '../../terminal/exit-code.ts';
import { formatDuration, paint, printJson, printLine } from '../../terminal/output.ts';
import type { DbtFlags } from './dbt-options.ts';
import { selectNodes } from './selected.ts';
import { openWorkspace, writeArtifact, writeManifest } from './workspace.ts';

export interface FreshnessFlags extends DbtFlags {
  /** File for the result instead of sources.json in the target folder. */
  readonly output?: string;
}

const colors = { pass: 'green', warn: 'yellow', error: 'red', 'runtime error': 'red' } as const;

/** `millrace source freshness`: how old the newest row of each source is. */
export async function sourceFreshnessCommand(
  place: { readonly project: string | undefined },
  flags: FreshnessFlags,
): Promise<number> {
  const workspace = await openWorkspace(place, flags);
  const { project, transform, invocation, startedAtMs } = workspace;
  const { ids, manifest, warnings } = await selectNodes(workspace, ['source']);
  for (const warning of warnings) process.stderr.write(`warning: ${warning}\n`);
  const sources = ids.flatMap((id) => {
    const node = transform.manifest.byId.get(id);
    return node?.kind === 'source' && hasFreshness(node) ? [node] : [];
  });
  const pool = openPool(project, tmpdir());
  const print = (result: Freshness): void => {
    if (flags.json === true || (flags.quiet === true && result.status === 'pass')) return;
    const { maxLoadedAtMs, snapshottedAtMs } = result;
    const age =
      maxLoadedAtMs === undefined || snapshottedAtMs === undefined
        ? ''
        : ageText(snapshottedAtMs - maxLoadedAtMs);
    const name = result.id.split('.').slice(2).join('.');
    printLine(
      `${paint(colors[result.status], result.status.toUpperCase().padEnd(5))}  ${name}  ${result.error ?? age}`,
    );
  };
  let results: readonly Freshness[];
  try {
    results = sources.length === 0 ? [] : await measureFreshness(transform, pool.get, sources, print);
  } finally {
    await pool.close();
  }
  const artifact = sourcesArtifact(
    { ...invocation, atMs: Date.now() },
    results,
    (Date.now() - startedAtMs) / 1000,
  );
  await writeManifest(workspace, manifest);
  if (flags.output === undefined) await writeArtifact(workspace, 'sources.json', artifact);
  else {
    await mkdir(dirname(resolve(flags.output)), { recursive: true });
    await writeFile(resolve(flags.output), JSON.stringify(artifact));
  }
  if (flags.json === true) printJson(artifact);
  else if (results.length === 0) printLine('No source asks for freshness.');
  const isBad = results.some(({ status }) => status === 'error' || status === 'runtime error');
  return isBad ? exitCodes.failed : exitCodes.success;
}

function ageText(ms: number): string {
  const days = Math.floor(ms / 86_400_000);
  return days >= 2 ? `newest row ${days} days old` : `newest row ${formatDuration(ms)} old`;
}
