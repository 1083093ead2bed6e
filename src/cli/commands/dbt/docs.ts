import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { openPool } from '../../../project/session/session.ts';
import { catalogArtifact } from '../../../transform/index.ts';
import { exitCodes } from '../../terminal/exit-code.ts';
import { printJson, printLine } from '../../terminal/output.ts';
import { compiledTypes, compileSelected, writeCompiled } from './compile.ts';
import type { DbtFlags } from './dbt-options.ts';
import { selectNodes } from './selected.ts';
import { openWorkspace, writeArtifact } from './workspace.ts';

export interface DocsFlags extends DbtFlags {
  /** False with --no-compile. */
  readonly compile?: boolean;
  readonly emptyCatalog?: boolean;
}

/** `millrace docs generate`: manifest.json with compiled SQL, and catalog.json with what the warehouse has. */
export async function docsGenerateCommand(
  place: { readonly project: string | undefined },
  flags: DocsFlags,
): Promise<number> {
  const workspace = await openWorkspace(place, flags);
  const { project, transform, invocation, targetFolder } = workspace;
  const selected = await selectNodes(workspace, [...compiledTypes, 'source']);
  const withSql = { ...selected, ids: selected.ids.filter((id) => !id.startsWith('source.')) };
  const compiled = flags.compile === false ? [] : await compileSelected(workspace, withSql, true);
  await writeCompiled(workspace, selected, compiled);
  const isAll =
    flags.select === undefined &&
    flags.models === undefined &&
    flags.exclude === undefined &&
    flags.selector === undefined;
  const pool = openPool(project, tmpdir());
  try {
    const wanted = flags.emptyCatalog === true ? [] : isAll ? undefined : selected.ids;
    const catalog = await catalogArtifact(
      transform,
      pool.get,
      invocation,
      wanted === undefined ? undefined : new Set(wanted),
    );
    await writeArtifact(workspace, 'catalog.json', catalog);
  } finally {
    await pool.close();
  }
  const file = join(targetFolder, 'catalog.json');
  if (flags.json === true) printJson({ catalog: file, manifest: join(targetFolder, 'manifest.json') });
  else if (flags.quiet !== true) printLine(`Catalog written to ${file}`);
  return exitCodes.success;
}
