// Measures loads of a wide table beside what psql needs for the same bytes, and writes result.md.
//
//   node --conditions=@millrace/source bench/load/run.ts [--rows 5000000] [--rounds 3] [--route duckdb|postgres]
//
// Takes the PostgreSQL that TEST_POSTGRES_URL names, or starts one. Needs psql (postgresql-client).

import { execFileSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Measurement, measure, median } from './measure.ts';
import { ratios, reportPage, type Route, type RouteResult } from './report.ts';
import { startServer } from './server.ts';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '5000000' },
    rounds: { type: 'string', default: '3' },
    route: { type: 'string' },
  },
});
const rows = Number(options.rows);
const rounds = Number(options.rounds);
const loadBefore = loadavg()[0] ?? 0;
const here = import.meta.dirname;
const root = join(here, '..', '..');
const psql = findPsql();
const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
const server = await startServer();
const environment = {
  ...process.env,
  ...serverEnvironment(server.url),
  BENCH_SHOP: `${server.url}?sslmode=disable`,
  // Another connection on the same server: within one connection Millrace would not copy at all.
  BENCH_OTHER: `${server.url}?sslmode=disable`,
};

try {
  await prepare();
  const results: RouteResult[] = [];
  for (const { route, reset } of routes()) results.push(await measureRoute(route, reset));
  const copyBytes = copyBinaryBytes();
  const page = reportPage(
    { rows, copyBytes, versions: versions(), loadAverages: [loadBefore, loadavg()[0] ?? 0] },
    results,
  );
  if (options.route === undefined) await writeFile(join(here, 'result.md'), page);
  process.stdout.write(`\n${page}`);
  const missed = results.filter((result) => median(ratios(result)) > result.route.limit);
  process.exitCode = missed.length === 0 ? 0 : 1;
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function prepare(): Promise<void> {
  process.stdout.write(`making ${rows} rows\n`);
  await mkdir(join(folder, 'project'));
  const connections = [
    'connections:',
    '  BENCH_WAREHOUSE:',
    '    type: duckdb',
    `    path: ${warehousePath()}`,
    '',
  ];
  await writeFile(join(folder, 'project', 'connections.yaml'), connections.join('\n'));
  execFileSync(psql, ['-q', '-v', `rows=${rows}`, '-f', join(here, 'wide.sql')], { env: environment });
}

function routes(): { route: Route; reset: () => Promise<void> }[] {
  const copyOut = 'psql -c "COPY wide TO STDOUT (FORMAT binary)"';
  const all = [
    {
      key: 'duckdb',
      route: routeOf('PostgreSQL to DuckDB', 1.5, `${copyOut} > /dev/null`, 'BENCH_WAREHOUSE', 'main.wide'),
      reset: async () => {
        for (const path of globSync(`${warehousePath()}*`)) await rm(path);
        query('checkpoint');
      },
    },
    {
      key: 'postgres',
      route: routeOf(
        'PostgreSQL to PostgreSQL',
        1.1,
        `${copyOut} | psql -c "COPY wide_psql FROM STDIN (FORMAT binary)"`,
        'BENCH_OTHER',
        'public.wide_millrace',
      ),
      reset: async () => {
        query('drop table if exists wide_millrace, wide_psql');
        query('create table wide_psql (like wide)');
        query('checkpoint');
      },
    },
  ];
  return all.filter(({ key }) => options.route === undefined || options.route === key);
}

function routeOf(name: string, limit: number, floor: string, target: string, object: string): Route {
  const main = join(root, 'src', 'cli', 'main.ts');
  const built = join(root, 'dist', 'cli', 'main.js');
  const program = existsSync(built) ? built : `--conditions=@millrace/source ${main}`;
  const load = `run --src-conn BENCH_SHOP --src-stream public.wide --tgt-conn ${target} --tgt-object ${object} --mode full-refresh`;
  return {
    name,
    limit,
    floorCommand: floor.replaceAll('psql -c', `${psql} -c`),
    command: `${process.execPath} ${program} --project ${join(folder, 'project')} ${load}`,
    shownCommands: [floor, `millrace ${load}`],
  };
}

async function measureRoute(route: Route, reset: () => Promise<void>): Promise<RouteResult> {
  const floor: Measurement[] = [];
  const loads: Measurement[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    await reset();
    const least = await measure(route.floorCommand, environment);
    await reset();
    const load = await measure(`exec ${route.command}`, environment);
    floor.push(least);
    loads.push(load);
    const ratio = (load.wallSeconds / least.wallSeconds).toFixed(2);
    process.stdout.write(
      `${route.name}, round ${round}: floor ${least.wallSeconds.toFixed(2)} s, Millrace ${load.wallSeconds.toFixed(2)} s, ratio ${ratio}\n`,
    );
  }
  return { route, floor, millrace: loads };
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
