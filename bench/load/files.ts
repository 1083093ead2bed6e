// Measures loads out of files, into files and out of SQLite, each beside the least that somebody could do by hand, and
// writes result-files.md.
//
//   node --conditions=@millrace/source bench/load/files.ts [--rows 5000000] [--rounds 3] [--route csv-postgres]
//     [--sling path/to/sling]
//
// Takes the PostgreSQL that TEST_POSTGRES_URL names, or starts one. Needs psql (postgresql-client).

import { execFileSync } from 'node:child_process';
import { existsSync, globSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import { DuckDBInstance } from '@duckdb/node-api';
import { millraceCommand } from './millrace-program.ts';
import { exitCodeOf, reportPage } from './report.ts';
import { measureRoute, type Route, type RouteResult } from './route.ts';
import { startServer } from './server.ts';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    route: { type: 'string' },
  },
});
/** What result-files.md is about; a smaller run is only printed. */
const recordedRows = 5_000_000;
const rows = Number(options.rows ?? recordedRows);
/** SQLite's route is about fewer rows. */
const sqliteRows = Math.min(rows, 2_000_000);
const loadBefore = loadavg()[0] ?? 0;
const here = import.meta.dirname;
const psql = findPsql();
const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
const project = join(folder, 'project');
const warehouse = join(folder, 'warehouse.duckdb');
const csv = join(folder, 'wide.csv');
const parquet = join(folder, 'wide.parquet');
const sqlite = join(folder, 'shop.db');
const server = await startServer();
const { hostname, port, username, password, pathname } = new URL(server.url);
const environment = {
  ...process.env,
  PGHOST: hostname,
  PGPORT: port || '5432',
  PGUSER: decodeURIComponent(username),
  PGPASSWORD: decodeURIComponent(password),
  PGDATABASE: decodeURIComponent(pathname.slice(1)),
  BENCH_SHOP: `${server.url}?sslmode=disable`,
};

/** The columns of `wide.csv` as `wide.sql` makes them: a file does not tell uuid, jsonb and small integers. */
const declared = {
  id: 'bigint',
  customer_id: 'integer',
  store_id: 'smallint',
  qty: 'integer',
  amount: 'decimal(12,2)',
  status: 'text',
  email: 'text',
  note: 'text',
  created_at: 'timestampz',
  is_active: 'bool',
  payload: 'json',
  uid: 'uuid',
  updated_at: 'timestampz',
};

try {
  await prepare();
  const results: RouteResult[] = [];
  for (const [key, route] of Object.entries(routes())) {
    if (options.route !== undefined && options.route !== key) continue;
    results.push(await measureRoute(route, Number(options.rounds), environment));
  }
  const page = reportPage(
    {
      title: 'Loads of files',
      about: [
        `${rows.toLocaleString('en')} rows of \`wide.sql\`: ${megabytes(csv)} MB as CSV, ${megabytes(parquet)} MB as Parquet; ${sqliteRows.toLocaleString('en')} rows in SQLite.`,
        'Where types are declared, `columns:` names those of the table that the floor fills; else the rows tell them.',
      ],
      rows,
      versions: [query('select version()'), `Node ${process.version}`, `DuckDB ${await duckdbVersion()}`],
      loadBefore,
    },
    results,
  );
  if (options.route === undefined && rows === recordedRows)
    await writeFile(join(here, 'result-files.md'), page);
  process.stdout.write(`\n${page}`);
  process.exitCode = exitCodeOf(results);
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function prepare(): Promise<void> {
  process.stdout.write(`making ${rows} rows\n`);
  await mkdir(project);
  const connections = {
    BENCH_WAREHOUSE: { type: 'duckdb', path: warehouse },
    BENCH_FILES: { type: 'file', path: folder },
    BENCH_SQLITE: { type: 'sqlite', path: sqlite },
  };
  await writeFile(join(project, 'connections.yaml'), JSON.stringify({ connections }));
  for (const [name, target, object, columns] of [
    ['csv-postgres', 'BENCH_SHOP', 'public.wide_millrace', declared],
    ['csv-duckdb', 'BENCH_WAREHOUSE', 'main.wide', declared],
  ] as const) {
    const streams = { 'file://wide.csv': { object, mode: 'full-refresh', columns } };
    await writeFile(
      join(project, `${name}.yaml`),
      JSON.stringify({ source: 'BENCH_FILES', target, streams }),
    );
  }
  execFileSync(psql, ['-q', '-v', `rows=${rows}`, '-f', join(here, 'wide.sql')], { env: environment });
  execFileSync(psql, ['-qc', String.raw`\copy wide to '${csv}' csv header`], {
    env: { ...environment, PGTZ: 'UTC' },
  });
  await makeParquet();
  await makeSqlite();
}

async function makeParquet(): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(`copy (${typedSelect()}) to '${parquet}' (format parquet, compression zstd)`);
  connection.closeSync();
  instance.closeSync();
}

async function duckdbVersion(): Promise<string> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const answer = await connection.runAndReadAll('select version()');
  connection.closeSync();
  instance.closeSync();
  return String(answer.getRows()[0]?.[0]);
}

/** DuckDB's names of the types of the table. */
function duckdbColumns(): readonly (readonly [string, string])[] {
  const names: Readonly<Record<string, string>> = {
    text: 'varchar',
    timestampz: 'timestamptz',
    bool: 'boolean',
  };
  return Object.entries(declared).map(([name, type]) => [name, names[type] ?? type]);
}

/** The rows of the CSV file in the types of the table. */
function typedSelect(limit?: number): string {
  const columns = duckdbColumns().map(([name, type]) => `'${name}': '${type}'`);
  const all = `select * from read_csv('${csv}', header = true, auto_detect = false, escape = '"', columns = {${columns.join(', ')}})`;
  return limit === undefined ? all : `${all} limit ${limit}`;
}

async function makeSqlite(): Promise<void> {
  const database = new DatabaseSync(sqlite);
  database.exec(
    'create table wide (id integer primary key, customer_id integer not null, store_id smallint, qty integer, amount decimal(12,2), status text, email text, note text, created_at timestamp, is_active boolean, payload text, uid text, updated_at timestamp)',
  );
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const typed = typedSelect(sqliteRows);
  const rowsOfCsv = await connection.stream(
    `select id, customer_id, store_id, qty, cast(amount as double), status, email, note, strftime(created_at, '%Y-%m-%d %H:%M:%S.%f'), cast(is_active as integer), cast(payload as varchar), cast(uid as varchar), strftime(updated_at, '%Y-%m-%d %H:%M:%S') from (${typed})`,
  );
  const insert = database.prepare(
    `insert into wide values (${Object.keys(declared)
      .map(() => '?')
      .join(', ')})`,
  );
  database.exec('begin');
  for (;;) {
    const chunk = await rowsOfCsv.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    for (const row of chunk.getRows()) insert.run(...(row as (string | number | bigint | null)[]));
  }
  database.exec('commit');
  database.close();
  connection.closeSync();
  instance.closeSync();
}

function routes(): Readonly<Record<string, Route>> {
  const node = `exec ${process.execPath}`;
  const alone = `${node} ${join(here, 'duckdb-alone.ts')} ${warehouse}`;
  const load = (words: string): Pick<Route, 'command'> => ({ command: millraceCommand(project, words) });
  const run = (source: string, stream: string, target: string, object: string): string =>
    `run --src-conn ${source} --src-stream ${stream} --tgt-conn ${target} --tgt-object ${object} --mode full-refresh`;
  const file = 'file://wide.csv';
  const fromCsv = run('BENCH_FILES', file, 'BENCH_SHOP', 'public.wide_millrace');
  const copyIn = (table: string): string => String.raw`psql -c "\copy ${table} from wide.csv csv header"`;
  const bare = (command: string): string =>
    command.replace('psql -c', `${psql} -c`).replace('from wide.csv', `from '${csv}'`);
  const insertCsv = `create table wide as select * from read_csv('wide.csv') limit 0; insert into wide select * from read_csv('wide.csv')`;
  const insertTyped = `create table wide (${duckdbColumns()
    .map((column) => column.join(' '))
    .join(', ')}); insert into wide ${typedSelect()}`;
  const insertParquet = `create table wide as select * from read_parquet('wide.parquet') limit 0; insert into wide select * from read_parquet('wide.parquet')`;
  const duckdb = (sql: string): string =>
    `${alone} ${sql
      .replaceAll("'wide.csv'", `'${csv}'`)
      .replaceAll("'wide.parquet'", `'${parquet}'`)
      .split('; ')
      .map((one) => `"${one.replaceAll('"', String.raw`\"`)}"`)
      .join(' ')}`;
  const freshTables = async (): Promise<void> => {
    query('drop table if exists wide_millrace, wide_psql, wide_psql_text');
    query('create table wide_psql (like wide)');
    query(
      'create table wide_psql_text (id bigint, customer_id bigint, store_id bigint, qty bigint, amount numeric(7,2), status text, email text, note text, created_at timestamptz, is_active text, payload text, uid text, updated_at timestamptz)',
    );
    query('checkpoint');
  };
  const freshWarehouse = async (): Promise<void> => {
    for (const path of globSync(`${warehouse}*`)) await rm(path);
  };
  const copyOut = 'psql -c "COPY wide TO STDOUT (FORMAT binary)" > /dev/null';
  const toParquet = run('BENCH_SHOP', 'public.wide', 'BENCH_FILES', 'file://out.parquet');
  const fromSqlite = run('BENCH_SQLITE', 'wide', 'BENCH_WAREHOUSE', 'main.wide');
  const csvToDuckdb = run('BENCH_FILES', file, 'BENCH_WAREHOUSE', 'main.wide');
  const parquetToDuckdb = run('BENCH_FILES', 'file://wide.parquet', 'BENCH_WAREHOUSE', 'main.wide');
  return {
    'csv-postgres': {
      name: 'CSV to PostgreSQL, types declared',
      limit: 1.05,
      floorCommand: bare(copyIn('wide_psql')),
      ...load(`run -r ${join(project, 'csv-postgres.yaml')}`),
      shownCommands: [copyIn('wide_psql'), 'millrace run -r csv-postgres.yaml'],
      reset: freshTables,
    },
    'csv-postgres-inferred': {
      name: 'CSV to PostgreSQL, types inferred',
      limit: 1.05,
      floorCommand: bare(copyIn('wide_psql_text')),
      ...load(fromCsv),
      shownCommands: [copyIn('wide_psql_text'), `millrace ${fromCsv}`],
      reset: freshTables,
    },
    'csv-duckdb': {
      name: 'CSV to DuckDB, types declared',
      limit: 1.1,
      floorCommand: duckdb(insertTyped),
      ...load(`run -r ${join(project, 'csv-duckdb.yaml')}`),
      shownCommands: [
        `duckdb: create table wide (...); insert into wide select * from read_csv('wide.csv', columns = {...})`,
        'millrace run -r csv-duckdb.yaml',
      ],
      reset: freshWarehouse,
    },
    'csv-duckdb-inferred': {
      name: 'CSV to DuckDB, types inferred',
      limit: 1.1,
      floorCommand: duckdb(insertCsv),
      ...load(csvToDuckdb),
      shownCommands: [`duckdb: ${insertCsv}`, `millrace ${csvToDuckdb}`],
      reset: freshWarehouse,
    },
    'parquet-duckdb': {
      name: 'Parquet to DuckDB',
      limit: 1.1,
      floorCommand: duckdb(insertParquet),
      ...load(parquetToDuckdb),
      shownCommands: [`duckdb: ${insertParquet}`, `millrace ${parquetToDuckdb}`],
      reset: freshWarehouse,
    },
    'postgres-parquet': {
      name: 'PostgreSQL to Parquet',
      limit: 1.6,
      floorCommand: bare(copyOut),
      ...load(toParquet),
      shownCommands: [copyOut, `millrace ${toParquet}`],
      reset: async () => {
        await rm(join(folder, 'out.parquet'), { force: true });
        query('checkpoint');
      },
    },
    'sqlite-duckdb': {
      name: 'SQLite to DuckDB',
      limit: 3,
      floorCommand: `${node} ${join(here, 'sqlite-alone.ts')} ${sqlite} wide`,
      ...load(fromSqlite),
      shownCommands: ['node bench/load/sqlite-alone.ts shop.db wide', `millrace ${fromSqlite}`],
      reset: freshWarehouse,
    },
  };
}

function query(sql: string): string {
  return execFileSync(psql, ['-qAtc', sql], { env: environment, encoding: 'utf8' }).trim();
}

function megabytes(path: string): string {
  return (statSync(path).size / 1e6).toFixed(0);
}

function findPsql(): string {
  const candidates = [
    ...(process.env['PATH'] ?? '').split(':').map((path) => join(path, 'psql')),
    ...globSync('/usr/lib/postgresql/*/bin/psql'),
  ];
  const found = candidates.find((path) => existsSync(path));
  if (found) return found;
  throw new Error('psql is missing: install postgresql-client');
}
