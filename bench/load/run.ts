// Measures loads of a wide table beside what psql needs for the same bytes, and writes result.md.
//
//   node --conditions=@millrace/source bench/load/run.ts [--rows 5000000] [--rounds 3] [--route duckdb|budget|postgres]
//     [--sling path/to/sling]
//
// Takes the PostgreSQL that TEST_POSTGRES_URL names, or starts one. Needs psql (postgresql-client). With --sling the same
// loads are done by Sling in the same rounds; for DuckDB it needs DUCKDB_PATH, or fetches a DuckDB of its own.

import { execFileSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { millraceCommand, slingRoute, slingVersion } from './millrace-program.ts';
import { exitCodeOf, reportPage } from './report.ts';
import { measureRoute, type Route, type RouteResult } from './route.ts';
import { startServer } from './server.ts';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    route: { type: 'string' },
    sling: { type: 'string' },
  },
});
/** What result.md is about; a smaller run is only printed. */
const recordedRows = 5_000_000;
const rows = Number(options.rows ?? recordedRows);
const rounds = Number(options.rounds);
const loadBefore = loadavg()[0] ?? 0;
const here = import.meta.dirname;
const psql = findPsql();
const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
const server = await startServer();
const environment = {
  ...process.env,
  ...serverEnvironment(server.url),
  BENCH_SHOP: `${server.url}?sslmode=disable`,
  // Another connection on the same server: within one connection Millrace would not copy at all.
  BENCH_OTHER: `${server.url}?sslmode=disable`,
  BENCH_WAREHOUSE: `duckdb://${warehousePath()}`,
  SLING_DISABLE_TELEMETRY: 'TRUE',
};

try {
  process.stdout.write(`making ${rows} rows\n`);
  await mkdir(join(folder, 'project'));
  execFileSync(psql, ['-q', '-v', `rows=${rows}`, '-f', join(here, 'wide.sql')], { env: environment });
  const results: RouteResult[] = [];
  for (const route of routes()) results.push(await measureRoute(route, rounds, environment));
  const page = reportPage(
    {
      title: 'Loads beside psql',
      about: [
        `${rows.toLocaleString('en')} rows of \`wide.sql\`, ${(copyBinaryBytes() / 1e6).toFixed(0)} MB as COPY BINARY.`,
      ],
      rows,
      versions: versions(),
      loadBefore,
    },
    results,
  );
  if (options.route === undefined && rows === recordedRows) await writeFile(join(here, 'result.md'), page);
  process.stdout.write(`\n${page}`);
  process.exitCode = exitCodeOf(results);
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

function routes(): readonly Route[] {
  const copyOut = 'psql -c "COPY wide TO STDOUT (FORMAT binary)"';
  const intoDuckdb = {
    floor: `${copyOut} > /dev/null`,
    target: 'BENCH_WAREHOUSE',
    object: 'main.wide',
    reset: async () => {
      for (const path of globSync(`${warehousePath()}*`)) await rm(path);
      query('checkpoint');
    },
  };
  const all = {
    duckdb: routeOf({ name: 'PostgreSQL to DuckDB', limit: 1.4, limitMegabytes: 1200, ...intoDuckdb }),
    budget: routeOf({
      name: 'PostgreSQL to DuckDB within 512 MB',
      limit: 1.7,
      limitMegabytes: 512,
      memoryBudget: '512MB',
      ...intoDuckdb,
    }),
    postgres: routeOf({
      name: 'PostgreSQL to PostgreSQL',
      limit: 1.05,
      limitMegabytes: 150,
      floor: `${copyOut} | psql -c "COPY wide_psql FROM STDIN (FORMAT binary)"`,
      target: 'BENCH_OTHER',
      object: 'public.wide_millrace',
      reset: async () => {
        query('drop table if exists wide_millrace, wide_psql');
        query('create table wide_psql (like wide)');
        query('checkpoint');
      },
    }),
  };
  return Object.entries(all).flatMap(([key, route]) =>
    options.route === undefined || options.route === key ? [route] : [],
  );
}

interface Load extends Pick<Route, 'name' | 'limit' | 'limitMegabytes' | 'reset'> {
  readonly floor: string;
  readonly target: string;
  readonly object: string;
  /** Sling has no such budget. */
  readonly memoryBudget?: string;
}

function routeOf({ floor, target, object, memoryBudget, ...route }: Load): Route {
  const load = `run --src-conn BENCH_SHOP --src-stream public.wide --tgt-conn ${target} --tgt-object ${object} --mode full-refresh`;
  const budget = memoryBudget === undefined ? '' : `MILLRACE_MEMORY_BUDGET=${memoryBudget} `;
  const sling = memoryBudget === undefined ? slingRoute(options.sling, load) : {};
  return {
    ...route,
    floorCommand: floor.replaceAll('psql -c', `${psql} -c`),
    command: `${budget}${millraceCommand(join(folder, 'project'), load)}`,
    ...sling,
    shownCommands: [
      floor,
      `${budget}millrace ${load}`,
      ...(sling.slingCommand === undefined ? [] : [`sling ${load}`]),
    ],
  };
}

function warehousePath(): string {
  return join(folder, 'warehouse.duckdb');
}

function query(sql: string): string {
  return execFileSync(psql, ['-qAtc', sql], { env: environment, encoding: 'utf8' }).trim();
}

function copyBinaryBytes(): number {
  const counted = execFileSync('sh', ['-c', `${psql} -c "COPY wide TO STDOUT (FORMAT binary)" | wc -c`], {
    env: environment,
    encoding: 'utf8',
  });
  return Number(counted.trim());
}

function versions(): readonly string[] {
  return [
    query('select version()'),
    execFileSync(psql, ['--version'], { encoding: 'utf8' }).trim(),
    `Node ${process.version}`,
    ...slingVersion(options.sling),
  ];
}

function serverEnvironment(url: string): Record<string, string> {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    PGHOST: hostname,
    PGPORT: port || '5432',
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: decodeURIComponent(pathname.slice(1)),
  };
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
