import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import type { JsonObject } from '../../../core/json.ts';
import { openPool } from '../../../project/session/session.ts';
import { catalogArtifact, docsPage, withCompiled } from '../../../transform/index.ts';
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
  /** Also one HTML file with all of it. */
  readonly static?: boolean;
}

/** dbt's name for the page. */
const pageName = 'static_index.html';

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
  const byId = await writeCompiled(workspace, selected, compiled);
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
    if (flags.static === true) {
      const page = docsPage(withCompiled(selected.manifest, byId), catalog);
      await writeFile(join(targetFolder, pageName), page);
    }
  } finally {
    await pool.close();
  }
  const file = join(targetFolder, flags.static === true ? pageName : 'catalog.json');
  if (flags.json === true) printJson(writtenFiles(targetFolder, flags));
  else if (flags.quiet !== true)
    printLine(`${flags.static === true ? 'Page' : 'Catalog'} written to ${file}`);
  return exitCodes.success;
}

function writtenFiles(folder: string, flags: DocsFlags): JsonObject {
  const at = (name: string): string => join(folder, name);
  const page = flags.static === true ? { page: at(pageName) } : {};
  return { catalog: at('catalog.json'), manifest: at('manifest.json'), ...page };
}
