import { tmpdir } from 'node:os';
import { ConfigError } from '../../../core/errors.ts';
import { openPool } from '../../../project/session/session.ts';
import {
  type Compiled,
  compileNodes,
  type CompiledNodeSql,
  compileSql,
  plainArguments,
  withCompiled,
  writeSql,
  writtenPath,
} from '../../../transform/index.ts';
import { exitCodes } from '../../terminal/exit-code.ts';
import { printJson, printLine } from '../../terminal/output.ts';
import { compiledPath } from './compiled-nodes.ts';
import { deferredRelations } from './deferral.ts';
import type { DbtFlags } from './dbt-options.ts';
import { selectNodes, type Selected } from './selected.ts';
import { openWorkspace, type Workspace, writeManifest } from './workspace.ts';

/** Types that have SQL. */
export const compiledTypes: readonly string[] = [
  'model',
  'snapshot',
  'test',
  'unit_test',
  'analysis',
  'seed',
];

export interface CompileFlags extends DbtFlags {
  readonly inline?: string;
  /** False with --no-introspect. */
  readonly introspect?: boolean;
  readonly output?: string;
}

/** `millrace compile`: writes compiled SQL, and prints it where one node or --inline is asked for. */
export async function compileCommand(
  place: { readonly project: string | undefined },
  flags: CompileFlags,
): Promise<number> {
  const workspace = await openWorkspace(place, flags);
  const { transform } = workspace;
  if (flags.inline !== undefined) {
    const { sql } = compileSql(transform, flags.inline, { file: 'inline' });
    if (flags.json === true) printJson({ compiled: sql });
    else printLine(sql);
    return exitCodes.success;
  }
  const selected = await selectNodes(workspace, compiledTypes);
  const compiled = await compileSelected(workspace, selected, flags.introspect !== false);
  await writeCompiled(workspace, selected, compiled);
  const asked = flags.select ?? flags.models ?? [];
  const shown = asked.length > 0 ? compiled.filter(({ id }) => !id.startsWith('test.')) : [];
  if (flags.json === true || flags.output === 'json') {
    printJson(shown.map(({ id, sql }) => ({ node: id, compiled: sql })));
  } else if (flags.quiet !== true) {
    for (const { id, sql } of shown) printLine(`-- ${id}\n${sql}\n`);
    printLine(
      `Compiled ${compiled.length} ${compiled.length === 1 ? 'node' : 'nodes'} into ${compiledPath(workspace, '').replace(/\/$/, '')}`,
    );
  }
  return exitCodes.success;
}

/** The SQL of everything that is selected. */
export async function compileSelected(
  workspace: Workspace,
  selected: Selected,
  isIntrospecting: boolean,
): Promise<readonly CompiledNodeSql[]> {
  const { project, transform, flags, invocation } = workspace;
  for (const warning of selected.warnings) process.stderr.write(`warning: ${warning}\n`);
  const pool = openPool(project, tmpdir());
  try {
    return await compileNodes(transform, {
      ids: selected.ids,
      given: {
        ...plainArguments,
        command: 'compile',
        invocationId: invocation.id,
        isEmpty: flags.empty === true,
        isFullRefresh: flags.fullRefresh === true,
        selected: selected.ids,
        deferred: await deferredRelations(workspace, pool.get, selected),
      },
      connections: isIntrospecting ? pool.get : undefined,
      signal: new AbortController().signal,
      log: (message, level) => {
        if (level === 'info') printLine(message);
      },
    });
  } finally {
    await pool.close();
  }
}

/** Writes compiled SQL into the target folder, and the manifest that has it. */
export async function writeCompiled(
  workspace: Workspace,
  selected: Selected,
  compiled: readonly CompiledNodeSql[],
): Promise<ReadonlyMap<string, Compiled>> {
  const { manifest } = workspace.transform;
  const byId = new Map<string, Compiled>();
  for (const { id, sql, extraCtes } of compiled) {
    const node = manifest.byId.get(id) ?? manifest.analyses.find(({ uniqueId }) => uniqueId === id);
    if (!node) throw new ConfigError(`there is no "${id}"`, { code: 'node_missing' });
    const path = writtenPath(manifest, node);
    byId.set(id, { sql, path: compiledPath(workspace, path), extraCtes });
    writeSql(workspace.targetFolder, 'compiled', path, sql);
  }
  await writeManifest(workspace, withCompiled(selected.manifest, byId));
  return byId;
}
