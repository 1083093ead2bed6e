import { plainText } from '../../../transform/index.ts';
import { tmpdir } from 'node:os';
import { ConfigError } from '../../../core/errors.ts';
import { tablePayload } from '../../../project/session/query.ts';
import { openPool } from '../../../project/session/session.ts';
import { compileSql } from '../../../transform/index.ts';
import { exitCodes } from '../../terminal/exit-code.ts';
import { formatTable, printJson, printLine } from '../../terminal/output.ts';
import { compileSelected, writeCompiled } from './compile.ts';
import type { DbtFlags } from './dbt-options.ts';
import { selectNodes } from './selected.ts';
import { openWorkspace, type Workspace } from './workspace.ts';

export interface ShowFlags extends DbtFlags {
  readonly inline?: string;
  readonly inlineDirect?: string;
  readonly limit?: number;
  readonly output?: string;
}

const usualLimit = 5;
const shownTypes = ['model', 'snapshot', 'test', 'analysis', 'seed'];

interface Query {
  readonly name: string;
  readonly sql: string;
}

/** `millrace show`: the first rows of a model, an analysis, a test, or of --inline. Nothing is built. */
export async function showCommand(
  place: { readonly project: string | undefined },
  flags: ShowFlags,
): Promise<number> {
  const workspace = await openWorkspace(place, flags);
  const queries = await queriesOf(workspace, flags);
  const { project, transform } = workspace;
  const pool = openPool(project, tmpdir());
  try {
    const { database } = await pool.get(transform.connection);
    if (!database)
      throw new ConfigError(`${transform.connection} does not speak SQL`, { code: 'connection_without_sql' });
    const limit = flags.limit ?? usualLimit;
    const found = [];
    for (const { name, sql } of queries) {
      const body = sql.trim().replace(/;\s*$/, '');
      const limited = limit < 0 ? body : `select * from (\n${body}\n) as model_limit_subq\nlimit ${limit}`;
      found.push({ name, ...tablePayload(await database.query(limited)) });
    }
    if (flags.json === true || flags.output === 'json') {
      printJson(
        found.map(({ name, columns, rows }) => ({
          node: name,
          show: rows.map((row) =>
            Object.fromEntries(columns.map((column, index) => [column.name, row[index]])),
          ),
        })),
      );
    } else {
      for (const { name, columns, rows } of found) {
        printLine(`Preview of ${name}:`);
        printLine(
          formatTable(
            columns.map((column) => column.name),
            rows.map((row) => row.map(cellText)),
          ),
        );
        printLine();
      }
    }
  } finally {
    await pool.close();
  }
  return exitCodes.success;
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? JSON.stringify(value) : plainText(value);
}

async function queriesOf(workspace: Workspace, flags: ShowFlags): Promise<readonly Query[]> {
  const { transform } = workspace;
  if (flags.inlineDirect !== undefined) return [{ name: 'inline_query', sql: flags.inlineDirect }];
  if (flags.inline !== undefined) {
    return [{ name: 'inline_query', sql: compileSql(transform, flags.inline, { file: 'inline' }).sql }];
  }
  if (flags.select === undefined && flags.models === undefined && flags.selector === undefined) {
    throw new ConfigError('say what to show: --select model, or --inline "select ..."', {
      code: 'flag_missing',
    });
  }
  const selected = await selectNodes(
    { ...workspace, flags: { ...flags, indirectSelection: 'empty' } },
    shownTypes,
  );
  const compiled = await compileSelected(workspace, selected, true);
  await writeCompiled(workspace, selected, compiled);
  const seeds = selected.ids.flatMap((id): Query[] => {
    const node = transform.manifest.byId.get(id);
    if (node?.kind !== 'seed') return [];
    const { database, schema, identifier } = node.relation;
    const name = [database, schema, identifier].filter((part) => part !== '').map((part) => `"${part}"`);
    return [{ name: node.name, sql: `select * from ${name.join('.')}` }];
  });
  return [...compiled.map(({ id, sql }) => ({ name: id.split('.').slice(2).join('.'), sql })), ...seeds];
}
