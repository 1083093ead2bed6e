import { exitCodes } from '../../terminal/exit-code.ts';
import { formatDuration, printJson, printLine } from '../../terminal/output.ts';
import type { DbtFlags } from './dbt-options.ts';
import { selectNodes } from './selected.ts';
import { openWorkspace, writeManifest } from './workspace.ts';

/** `millrace parse`: reads the project and writes its manifest, without touching the warehouse. */
export async function parseCommand(
  place: { readonly project: string | undefined },
  flags: DbtFlags,
): Promise<number> {
  const workspace = await openWorkspace(place, flags);
  const { manifest } = await selectNodes(workspace, []);
  await writeManifest(workspace, manifest);
  const counts = {
    nodes: Object.keys(manifest.nodes).length,
    sources: Object.keys(manifest.sources).length,
    macros: Object.keys(manifest.macros).length,
  };
  if (flags.json === true) printJson({ ...counts, milliseconds: Date.now() - workspace.startedAtMs });
  else if (flags.quiet !== true)
    printLine(
      `Read ${counts.nodes} nodes and ${counts.sources} sources in ${formatDuration(Date.now() - workspace.startedAtMs)}`,
    );
  return exitCodes.success;
}
