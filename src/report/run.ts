import { CancelledError, DataError, FatalError, toFailure, type MillraceError } from '../core/errors.ts';
import type { Executor, StepContext, StepOutcome } from '../core/executor.ts';
import type { GraphNode } from '../core/node.ts';
import type { ConnectionProvider, SqlDatabase } from '../connector/connection.ts';
import type { ResultSet } from '../connector/result-set.ts';
import { inQuery, suggest } from './errors.ts';
import { jsonCell } from './json-cell.ts';
import { reportExecutorName, reportKey, type CompileSql } from './plan.ts';
import { columnsOf, type ChartBlock, type Report, type ReportQuery } from './report.ts';
import type { ReportData, ReportView, ReportViewBlock } from './report-view.ts';
import { writeReportView } from './view-folder.ts';

/** What rendering needs from the project. */
export interface RenderOptions {
  readonly compile: CompileSql;
  readonly connections: ConnectionProvider;
  /** Name of the connection that runs the queries. */
  readonly warehouse: string;
  readonly now: () => number;
  /** Most rows kept of one query; the view says when there were more. Default 10,000. */
  readonly rowLimit?: number;
}

export interface ReportExecutorOptions extends RenderOptions {
  /** Where the views are kept, such as `.millrace/reports`. */
  readonly folder: string;
}

const defaultRowLimit = 10_000;

/**
 * Runs a report's queries and keeps the view. A failing query or chart fails the step, and the view
 * of the last successful run stays.
 */
export function createReportExecutor(reports: readonly Report[], options: ReportExecutorOptions): Executor {
  const byKey = new Map(reports.map((report) => [reportKey(report), report]));
  return {
    name: reportExecutorName,
    execute: async (node: GraphNode, context: StepContext): Promise<StepOutcome> => {
      const report = byKey.get(node.key);
      if (!report) {
        throw new FatalError(`There is no report for ${node.key}`, {
          code: 'report_unknown',
          origin: node.origin,
          next: 'millrace check',
        });
      }
      return runReport(report, options, context);
    },
  };
}

/** Runs a report's queries now, for the page's preview. A failing query is told in its charts' `error`. */
export async function renderReport(
  report: Report,
  options: RenderOptions,
  signal: AbortSignal,
): Promise<ReportView> {
  const results = await runQueries(report, options, signal, () => undefined);
  return viewOf(report, results, options.now());
}

async function runReport(
  report: Report,
  options: ReportExecutorOptions,
  context: StepContext,
): Promise<StepOutcome> {
  const started = options.now();
  const results = await runQueries(report, options, context.signal, (done, query) => {
    context.progress({ rows: done, totalRows: report.queries.length, phase: `query ${query.name}` });
  });
  const broken = firstFailure(report, results);
  if (broken) throw broken;
  const view = viewOf(report, results, options.now());
  for (const [name, result] of results) {
    if (result.kind === 'data' && result.data.truncated) {
      context.log(
        `Query ${name} gives more than ${result.data.rows.length} rows; the rest is left out`,
        'warn',
      );
    }
  }
  context.signal.throwIfAborted();
  await writeReportView(options.folder, view);
  const rows = [...results.values()].reduce(
    (sum, result) => sum + (result.kind === 'data' ? result.data.rows.length : 0),
    0,
  );
  const charts = report.blocks.filter((block) => block.type === 'chart').length;
  context.log(`${report.queries.length} queries, ${charts} charts, ${rows} rows`);
  return { rows, metadata: { queries: report.queries.length, charts, durationMs: options.now() - started } };
}

type QueryResult =
  | { readonly kind: 'data'; readonly data: ReportData }
  | { readonly kind: 'error'; readonly error: MillraceError };

async function runQueries(
  report: Report,
  options: RenderOptions,
  signal: AbortSignal,
  onQuery: (done: number, query: ReportQuery) => void,
): Promise<ReadonlyMap<string, QueryResult>> {
  const database = await databaseOf(report, options);
  const results = new Map<string, QueryResult>();
  for (const query of report.queries) {
    if (signal.aborted) throw cancelled(report);
    onQuery(results.size, query);
    results.set(query.name, await runQuery(report, query, database, options, signal));
    if (signal.aborted) throw cancelled(report);
  }
  return results;
}

async function runQuery(
  report: Report,
  query: ReportQuery,
  database: SqlDatabase,
  options: RenderOptions,
  signal: AbortSignal,
): Promise<QueryResult> {
  const rowLimit = options.rowLimit ?? defaultRowLimit;
  const command = runCommand(report);
  let compiled: string | undefined;
  try {
    compiled = options.compile(query.sql, query.origin).sql;
    // The SQL begins in the first line, so that the lines which the database names are its own.
    const limited = `select * from (${compiled}\n) as report_query limit ${rowLimit + 1}`;
    return { kind: 'data', data: dataOf(await database.query(limited, [], signal), rowLimit) };
  } catch (error) {
    const failed = { query, command, ...(compiled === undefined ? {} : { compiled }) };
    return { kind: 'error', error: inQuery(error, failed) };
  }
}

async function databaseOf(report: Report, options: RenderOptions): Promise<SqlDatabase> {
  const { database } = await options.connections(options.warehouse);
  if (database) return database;
  throw new DataError(`The connection ${options.warehouse} runs no SQL`, {
    code: 'warehouse_without_sql',
    origin: report.origin,
    next: 'Name a database as warehouse in millrace.config.ts',
  });
}

function dataOf(result: ResultSet, rowLimit: number): ReportData {
  const rows = result.rows
    .slice(0, rowLimit)
    .map((row) => result.columns.map((column, index) => jsonCell(row[index], column.type)));
  return {
    columns: result.columns.map(({ name, type }) => ({ name, type: type.type })),
    rows,
    ...(result.rows.length > rowLimit ? { truncated: true } : {}),
  };
}

function firstFailure(report: Report, results: ReadonlyMap<string, QueryResult>): MillraceError | undefined {
  for (const result of results.values()) {
    if (result.kind === 'error') return result.error;
  }
  for (const block of report.blocks) {
    if (block.type === 'markdown') continue;
    const chart = chartResult(report, block, results);
    if (chart.kind === 'error') return chart.error;
  }
  return undefined;
}

function viewOf(
  report: Report,
  results: ReadonlyMap<string, QueryResult>,
  generatedAtMs: number,
): ReportView {
  const blocks = report.blocks.map((block) =>
    block.type === 'markdown' ? block : chartView(block, chartResult(report, block, results)),
  );
  return { name: report.name, title: report.title, description: report.description, blocks, generatedAtMs };
}

function chartView(block: ChartBlock, result: QueryResult): ReportViewBlock {
  const { columns: _columns, origin: _origin, ...shown } = block;
  return result.kind === 'data'
    ? { ...shown, data: result.data }
    : { ...shown, data: { columns: [], rows: [] }, error: toFailure(result.error) };
}

/** The chart's data: its query's result, or the error when a column it names is not there. */
function chartResult(
  report: Report,
  block: ChartBlock,
  results: ReadonlyMap<string, QueryResult>,
): QueryResult {
  const result = results.get(block.queryName);
  if (!result) throw new Error(`query ${block.queryName} was not run`);
  if (result.kind === 'error') return result;
  const names = result.data.columns.map((column) => column.name);
  const missing = columnsOf(block).find((name) => !names.includes(name));
  if (missing !== undefined) return { kind: 'error', error: columnMissing(report, block, missing, names) };
  return block.columns ? { kind: 'data', data: pick(result.data, block.columns) } : result;
}

function columnMissing(report: Report, block: ChartBlock, name: string, known: readonly string[]): DataError {
  return new DataError(
    `${block.chart} needs the column '${name}', which query ${block.queryName} does not give${suggest(name, known)}`,
    {
      code: 'column_missing',
      origin: block.origin,
      next: `Mend the chart or its query, then run: ${runCommand(report)}`,
    },
  );
}

function pick(data: ReportData, names: readonly string[]): ReportData {
  const indexes = names.map((name) => data.columns.findIndex((column) => column.name === name));
  return {
    ...data,
    columns: indexes.flatMap((index) => data.columns[index] ?? []),
    rows: data.rows.map((row) => indexes.map((index) => row[index])),
  };
}

function cancelled(report: Report): CancelledError {
  return new CancelledError(`Report ${report.name} was cancelled`, {
    code: 'cancelled',
    state: 'Its last view is unchanged.',
  });
}

function runCommand(report: Report): string {
  return `millrace run ${reportKey(report)}`;
}
