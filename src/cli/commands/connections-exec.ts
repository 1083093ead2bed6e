import type { SqlDatabase } from '../../connector/connection.ts';
import { ConfigError } from '../../core/errors.ts';
import { tablePayload } from '../../project/session/query.ts';
import { exitCodes } from '../terminal/exit-code.ts';
import {
  formatCount,
  formatCsvLine,
  formatDuration,
  formatTable,
  printJson,
  printLine,
} from '../terminal/output.ts';
import { type ConnectionsPlace, findConnections, withPool } from './connections.ts';

export interface ExecOptions extends ConnectionsPlace {
  readonly name: string;
  readonly statements: readonly string[];
  readonly output?: 'text' | 'csv' | 'json';
  readonly limit: number;
}

interface StatementResult {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly unknown[])[];
  /** There are more rows than these. */
  readonly cut: boolean;
  /** Changed by a statement that gives no rows. */
  readonly rowsChanged?: number;
  readonly milliseconds: number;
}

/** Runs statements one after another, each in a transaction of its own; the first that fails ends it. */
export async function executeSql(options: ExecOptions): Promise<number> {
  const found = await findConnections(options);
  const output = options.json ? 'json' : (options.output ?? 'text');
  const results: StatementResult[] = [];
  await withPool(found, async (pool) => {
    const { database, type } = await pool.get(options.name);
    if (!database) {
      throw new ConfigError(`${options.name} is a ${type} connection, which does not speak SQL`, {
        code: 'connection_without_sql',
        next: 'Name a database; files can be read in a model, or loaded',
      });
    }
    for (const statement of options.statements) {
      const result = await runStatement(database, statement, options.limit);
      if (output === 'json') results.push(result);
      else printResult(result, output);
    }
  });
  if (output === 'json') printJson({ results });
  return exitCodes.success;
}

async function runStatement(
  database: SqlDatabase,
  statement: string,
  limit: number,
): Promise<StatementResult> {
  const text = statement.trim().replace(/;+\s*$/, '');
  const started = performance.now();
  const took = (): number => Math.round(performance.now() - started);
  if (!givesRows(text)) {
    const rowsChanged = await database.execute(text);
    return { columns: [], rows: [], cut: false, rowsChanged, milliseconds: took() };
  }
  const isQuery = /^(select|from|values|table|with)\b/i.test(withoutComments(text));
  const sql = isQuery && !changesRows(text) ? `select * from (${text}\n) as result limit ${limit + 1}` : text;
  const { columns, rows } = tablePayload(await database.query(sql));
  return {
    columns: columns.map(({ name, type }) => ({ name, type })),
    rows: rows.slice(0, limit),
    cut: rows.length > limit,
    milliseconds: took(),
  };
}

function givesRows(text: string): boolean {
  const body = withoutComments(text);
  return (
    /^(select|from|values|table|with|show|describe|desc|explain|summarize|pragma|call)\b/i.test(body) ||
    /\breturning\b/i.test(body)
  );
}

function changesRows(text: string): boolean {
  return /\b(insert|update|delete|merge)\b/i.test(text);
}

function withoutComments(text: string): string {
  return text.replace(/^(\s+|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/, '');
}

function printResult(result: StatementResult, output: 'text' | 'csv'): void {
  const names = result.columns.map(({ name }) => name);
  const cells = result.rows.map((row) => row.map((value) => cellText(value)));
  if (output === 'csv') {
    if (names.length > 0) printLine([names, ...cells].map((line) => formatCsvLine(line)).join('\r\n'));
    return;
  }
  if (names.length > 0) printLine(formatTable(names, cells.map((row) => row.map((cell) => cell ?? '')))); // prettier-ignore
  const { rowsChanged, rows, cut, milliseconds } = result;
  const what =
    rowsChanged === undefined
      ? `${cut ? 'the first ' : ''}${formatCount(rows.length)} rows`
      : `${formatCount(rowsChanged)} rows changed`;
  printLine(`(${what} in ${formatDuration(milliseconds)}${cut ? '; more with --limit' : ''})`);
}

/** Undefined for NULL. */
function cellText(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
