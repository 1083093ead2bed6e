// Measures a load of a wide table from MariaDB into DuckDB beside what the `mariadb` client needs to read the
// same rows, and writes result-mariadb.md.
//
//   node --conditions=@millrace/source bench/load/mariadb.ts [--rows 2000000] [--rounds 3]
//
// Starts a server of its own. Needs Debian's mariadb-server, which has the client in it.

import { execFileSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, tmpdir, totalmem, type as systemType } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type MariaDbServer, startMariaDb } from '../../test/support/mariadb-server.ts';
import { type Measurement, measure, median } from './measure.ts';

const { values: options } = parseArgs({
  options: { rows: { type: 'string' }, rounds: { type: 'string', default: '3' } },
});
/** What result-mariadb.md is about; a smaller run is only printed. */
const recordedRows = 2_000_000;
const rows = Number(options.rows ?? recordedRows);
const rounds = Number(options.rounds);
/** The highest ratio that is accepted. */
const limit = 1.6;
const client = 'mariadb';
const floorText = 'mariadb --quick --batch shop -e "select * from wide" > /dev/null';
const loadText =
  'run --src-conn BENCH_SHOP --src-stream shop.wide --tgt-conn BENCH_WAREHOUSE --tgt-object main.wide --mode full-refresh';
const loadBefore = loadavg()[0] ?? 0;
const here = import.meta.dirname;
const root = join(here, '..', '..');
const server = await startMariaDb('--innodb-buffer-pool-size=1G');
if ('skip' in server) throw new Error(server.reason);
const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));

try {
  await prepare(server);
  const floors: Measurement[] = [];
  const loads: Measurement[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const path of globSync(`${warehousePath()}*`)) await rm(path);
    const floor = await measure(floorCommand(server), environment(server));
    const load = await measure(`exec ${loadCommand()}`, environment(server));
    floors.push(floor);
    loads.push(load);
    process.stdout.write(
      `round ${round}: floor ${floor.wallSeconds.toFixed(2)} s, Millrace ${load.wallSeconds.toFixed(2)} s\n`,
    );
  }
  const ratios = loads.map(
    ({ wallSeconds }, round) => wallSeconds / (floors[round]?.wallSeconds ?? Number.NaN),
  );
  const text = page(await versions(server), floors, loads, ratios);
  if (rows === recordedRows) await writeFile(join(here, 'result-mariadb.md'), text);
  process.stdout.write(`\n${text}`);
  process.exitCode = median(ratios) <= limit ? 0 : 1;
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function prepare(running: MariaDbServer): Promise<void> {
  process.stdout.write(`making ${rows} rows\n`);
  const script = await readFile(join(here, 'wide-mariadb.sql'), 'utf8');
  const statements = script.replaceAll(/^--.*$/gm, '').split(/;\s*\n/);
  await running.run(
    'set names utf8mb4',
    `set @rows = ${rows}`,
    ...statements.filter((sql) => sql.trim() !== ''),
  );
  const warehouse = { type: 'duckdb', path: warehousePath() };
  await writeFile(
    join(folder, 'connections.yaml'),
    JSON.stringify({ connections: { BENCH_WAREHOUSE: warehouse } }),
  );
}

function environment({ url, password }: MariaDbServer): NodeJS.ProcessEnv {
  return { ...process.env, BENCH_SHOP: `${url}?sslmode=disable`, MYSQL_PWD: password };
}

function floorCommand({ port, user }: MariaDbServer): string {
  return floorText.replace(client, `${client} --no-defaults --host=127.0.0.1 --port=${port} --user=${user}`);
}

function loadCommand(): string {
  const built = join(root, 'dist', 'cli', 'main.js');
  const program = existsSync(built)
    ? built
    : `--conditions=@millrace/source ${join(root, 'src', 'cli', 'main.ts')}`;
  return `${process.execPath} ${program} --project ${folder} ${loadText}`;
}

function warehousePath(): string {
  return join(folder, 'warehouse.duckdb');
}

async function versions(running: MariaDbServer): Promise<readonly string[]> {
  const [version] = await running.rows('select version()');
  const clientVersion = execFileSync(client, ['--version'], { encoding: 'utf8' }).trim();
  return [`MariaDB ${String(version?.[0])}`, clientVersion, `Node ${process.version}`];
}

function page(
  programs: readonly string[],
  floors: readonly Measurement[],
  loads: readonly Measurement[],
  ratios: readonly number[],
): string {
  const seconds = median(loads.map(({ wallSeconds }) => wallSeconds));
  const peaks = loads.map(({ peakMegabytes }) => peakMegabytes).filter((peak) => peak !== undefined);
  const cells = [
    'MariaDB to DuckDB',
    median(floors.map(({ wallSeconds }) => wallSeconds)).toFixed(2),
    seconds.toFixed(2),
    median(ratios).toFixed(2),
    ratios.map((ratio) => ratio.toFixed(2)).join(', '),
    limit.toFixed(1),
    `${Math.round(rows / seconds / 1000)}k`,
    peaks.length === 0 ? 'unknown' : Math.max(...peaks).toFixed(0),
  ];
  const loadAfter = loadavg()[0] ?? 0;
  return [
    '# A load beside the mariadb client',
    '',
    `${rows.toLocaleString('en')} rows of \`wide-mariadb.sql\`. Floor and Millrace ran in turn in one run, each as a whole process from its`,
    'start to its exit; the ratio is taken within a round.',
    '',
    `Machine: ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${systemType()} ${release()}; the server is on the same machine.`,
    `Load average (1 minute): ${loadBefore.toFixed(1)} before, ${loadAfter.toFixed(1)} after; a quiet machine shows about 0 before.`,
    ...programs.map((program) => `- ${program}`),
    '',
    '| route | floor s | Millrace s | ratio, median | ratios | limit | rows/s | peak RSS MB |',
    '|---|---|---|---|---|---|---|---|',
    `| ${cells.join(' | ')} |`,
    '',
    '```',
    floorText,
    `millrace ${loadText}`,
    '```',
    '',
  ].join('\n');
}
