// Measures a generated dbt project of views and tests on DuckDB, Millrace and dbt in turn, and writes result.md.
//
//   node --conditions=@millrace/source bench/transform/run.ts [--models 1000] [--large 6000] [--rounds 3] [--dbt /path/to/dbt]
//
// Without --dbt, a `dbt` on PATH is taken if there is one; it needs the DuckDB adapter.

import { execFileSync } from 'node:child_process';
import { globSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, tmpdir, totalmem, type as systemType } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Measurement, measure, median } from '../load/measure.ts';
import { generateProject } from './generator.ts';

const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: '1000' },
    large: { type: 'string', default: '6000' },
    rounds: { type: 'string', default: '3' },
    dbt: { type: 'string', default: 'dbt' },
  },
});
const models = Number(options.models);
/** Size of another project, which is only read. */
const large = Number(options.large);
const rounds = Number(options.rounds);
const depth = 10;
const here = import.meta.dirname;
const root = join(here, '..', '..');
const node = `node --conditions=@millrace/source`;
const millrace = `${node} ${join(root, 'src/cli/main.ts')}`;

interface Reading {
  readonly firstSeconds: number;
  /** In another process, with what the first one has kept. */
  readonly keptSeconds: number;
  readonly againSeconds: number;
  readonly changeSeconds: number;
}

/** One line of the report, with one figure for each round. */
interface Row {
  readonly what: string;
  readonly millrace: readonly number[];
  readonly dbt: readonly number[];
  readonly unit: string;
}

const loadBefore = loadavg()[0] ?? 0;
const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
const largeFolder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
try {
  await generateProject(folder, { models, depth });
  await generateProject(largeFolder, { models: large, depth });
  keep(largeFolder);
  await mkdir(join(folder, 'node_modules'));
  await symlink(root, join(folder, 'node_modules', 'millrace'));
  const version = dbtVersion();
  const readings: Reading[] = [];
  const largeReadings: number[] = [];
  const runs: Measurement[] = [];
  const replays: Replay[] = [];
  const checks: Measurement[] = [];
  const checksAgain: Measurement[] = [];
  const parsesAgain: Measurement[] = [];
  const parses: Measurement[] = [];
  const builds: Measurement[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    readings.push(read());
    checks.push(await measure(`cd ${folder} && exec ${millrace} check`, process.env));
    await clear();
    runs.push(await measure(`cd ${folder} && exec ${millrace} run`, process.env));
    replays.push(await replay());
    largeReadings.push(readKept(largeFolder));
    checksAgain.push(await measure(`cd ${folder} && exec ${millrace} check`, process.env));
    if (version === undefined) continue;
    parses.push(await dbt('parse --no-partial-parse'));
    parsesAgain.push(await dbt('parse'));
    builds.push(await dbt('build'));
    process.stdout.write(`round ${round} of ${rounds}\n`);
  }
  const wall = (list: readonly Measurement[]): readonly number[] =>
    list.map(({ wallSeconds }) => wallSeconds);
  const peak = (list: readonly Measurement[]): readonly number[] =>
    list.map(({ peakMegabytes }) => peakMegabytes ?? Number.NaN);
  const text = page(version, [
    { what: 'read and check, in a new process', millrace: wall(checks), dbt: wall(parses), unit: 's' },
    {
      what: 'the same again, nothing changed',
      millrace: wall(checksAgain),
      dbt: wall(parsesAgain),
      unit: 's',
    },
    {
      what: 'read, first time in a process',
      millrace: readings.map((reading) => reading.firstSeconds),
      dbt: [],
      unit: 's',
    },
    {
      what: 'read, nothing changed since another process did',
      millrace: readings.map((reading) => reading.keptSeconds),
      dbt: [],
      unit: 's',
    },
    {
      what: 'read again, nothing changed',
      millrace: readings.map((reading) => reading.againSeconds),
      dbt: [],
      unit: 's',
    },
    {
      what: 'one model changed, up to its SQL',
      millrace: readings.map((reading) => reading.changeSeconds),
      dbt: [],
      unit: 's',
    },
    { what: 'build and test everything', millrace: wall(runs), dbt: wall(builds), unit: 's' },
    {
      what: `of that the database, which runs the same ${replays[0]?.statements ?? 0} statements one by one in`,
      millrace: replays.map(({ seconds }) => seconds),
      dbt: [],
      unit: 's',
    },
    {
      what: 'and everything else',
      millrace: runs.map(({ wallSeconds }, round) => wallSeconds - (replays[round]?.seconds ?? Number.NaN)),
      dbt: [],
      unit: 's',
    },
    { what: 'peak memory of the whole', millrace: peak(runs), dbt: peak(builds), unit: 'MB' },
    {
      what: `${large} models: read, nothing changed since another process did`,
      millrace: largeReadings,
      dbt: [],
      unit: 's',
    },
  ]);
  await writeFile(join(here, 'result.md'), text);
  process.stdout.write(text);
} finally {
  await rm(folder, { recursive: true, force: true });
  await rm(largeFolder, { recursive: true, force: true });
}

type Figures = Omit<Reading, 'keptSeconds'>;

function readInProcess(project: string, ...given: readonly string[]): Figures {
  const text = execFileSync(
    'node',
    ['--conditions=@millrace/source', join(here, 'reading.ts'), project, ...given],
    { encoding: 'utf8' },
  );
  return JSON.parse(text) as Figures;
}

function read(): Reading {
  const figures = readInProcess(folder);
  keep(folder);
  return { ...figures, keptSeconds: readKept(folder) };
}

function cacheOf(project: string): string {
  return join(project, 'models.parsed');
}

/** Reads a project as if for the first time, and keeps what was read. */
function keep(project: string): void {
  rmSync(cacheOf(project), { force: true });
  readInProcess(project, cacheOf(project));
}

function readKept(project: string): number {
  return readInProcess(project, cacheOf(project)).firstSeconds;
}

/** The statements of the last run, in its order, with nothing but the database. */
interface Replay {
  readonly statements: number;
  readonly seconds: number;
}

async function replay(): Promise<Replay> {
  const empty = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
  try {
    const ledger = join(folder, '.millrace', 'ledger.db');
    const text = execFileSync(
      'node',
      ['--conditions=@millrace/source', join(here, 'replay.ts'), ledger, empty],
      {
        encoding: 'utf8',
      },
    );
    return JSON.parse(text) as Replay;
  } finally {
    await rm(empty, { recursive: true, force: true });
  }
}

async function clear(): Promise<void> {
  for (const path of globSync(
    join(folder, '{warehouse.duckdb*,transform/dbt.duckdb*,transform/target,.millrace}'),
  )) {
    await rm(path, { recursive: true });
  }
}

function dbt(command: string): Promise<Measurement> {
  return measure(
    `cd ${join(folder, 'transform')} && exec ${options.dbt} ${command} --profiles-dir . --quiet`,
    { ...process.env, DBT_SEND_ANONYMOUS_USAGE_STATS: 'false' },
  );
}

function dbtVersion(): string | undefined {
  try {
    const text = execFileSync(options.dbt, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /installed:\s*(\S+)/.exec(text)?.[1] ?? text.trim().split('\n')[0];
  } catch {
    return undefined;
  }
}

function page(version: string | undefined, rows: readonly Row[]): string {
  const shown = (values: readonly number[], unit: string): string =>
    values.length === 0 ? '' : `${median(values).toFixed(unit === 's' ? 2 : 0)} ${unit}`;
  const ratio = (row: Row): string =>
    row.dbt.length === 0 ? '' : (median(row.dbt) / median(row.millrace)).toFixed(1);
  const lines = rows.map(
    (row) =>
      `| ${row.what} | ${shown(row.millrace, row.unit)} | ${shown(row.dbt, row.unit)} | ${ratio(row)} |`,
  );
  return `# A dbt project of ${models} models and ${2 * models} tests on DuckDB

Chains of ${depth} views; median of ${rounds} ${rounds === 1 ? 'round' : 'rounds'}. dbt: ${version ?? 'not installed'}.
${cpus().length} processors (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GB,
${systemType()} ${release()}, Node ${process.version}; load average ${loadBefore.toFixed(1)} before.

| | Millrace | dbt | dbt : Millrace |
|---|---:|---:|---:|
${lines.join('\n')}

Again: \`${node} bench/transform/run.ts --models ${models} --large ${large} --rounds ${rounds}\`
`;
}
