// Measures what the engine and its ledgers add to the work, and writes result.md.
//
//   [DAGSTER_PYTHON=venv/bin/python] node --conditions=@millrace/source bench/engine/run.ts [--events 1000000] [--rounds 3]
//
// With a Python that has Dagster (`pip install dagster`), the same graphs run there in turn.
// Takes the PostgreSQL that TEST_POSTGRES_URL names, or starts one with its defaults (fsync on).

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openSqliteLedger } from '../../src/store/index.ts';
import { openPostgresLedger } from '../../src/store/postgres/ledger.ts';
import { startServer } from '../load/server.ts';
import { takeoverSeconds, workerMillisecondsPerStep } from './fleet.ts';
import { conditionMilliseconds, idleFigures } from './automation.ts';
import {
  coldRunMilliseconds,
  compile,
  dispatchMilliseconds,
  handOverMilliseconds,
  history,
  millisecondsPerStep,
  planning,
  queuedRunsSeconds,
  takeoverMilliseconds,
} from './measurements.ts';
import type { Shape } from './graphs.ts';
import { dagsterTime, isolatedMillisecondsPerStep, type PeerTime } from './peer.ts';
import { partitionTimes, type PartitionTimes } from './partitions.ts';

const { values: options } = parseArgs({
  options: { events: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '3' } },
});
const rounds = Number(options.rounds);
const takeoverLease = 3;
const loadBefore = loadavg()[0] ?? 0;
const root = join(import.meta.dirname, '..', '..');
const compiled = join(root, 'node_modules', '.cache', 'millrace-bench');

interface Line {
  readonly what: string;
  readonly unit: string;
  readonly target: number;
  readonly values: readonly number[];
}

interface Pair {
  readonly what: string;
  readonly ours: number;
  readonly theirs: PeerTime;
}

const lines: Line[] = [];
const pairs: Pair[] = [];
/** One that has Dagster; without it, nothing is measured beside it. */
const python = process.env['DAGSTER_PYTHON'];

/** Runs `measureOnce` some times and takes the median; prints at once. */
async function measure(
  what: string,
  unit: string,
  target: number,
  measureOnce: (round: number) => number | Promise<number>,
): Promise<void> {
  const values: number[] = [];
  for (let round = 0; round < rounds; round += 1) values.push(await measureOnce(round));
  add(what, unit, target, values);
}

function add(what: string, unit: string, target: number, values: readonly number[]): void {
  lines.push({ what, unit, target, values });
  process.stdout.write(`${what}: ${values.map((value) => value.toFixed(2)).join(', ')} ${unit}\n`);
}

function percentile(values: readonly number[], share: number): number {
  return (
    values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN
  );
}

const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-engine-'));
const server = await startServer();
let schemas = 0;
const newSqlite = (): ReturnType<typeof openSqliteLedger> => {
  schemas += 1;
  return openSqliteLedger(join(folder, `ledger-${schemas}.db`));
};
const newSchema = (): string => {
  schemas += 1;
  return `bench_${schemas}`;
};
const newPostgres = (): ReturnType<typeof openPostgresLedger> =>
  openPostgresLedger(server.url, { schema: newSchema() });

try {
  for (const shape of ['wide', 'chain'] as const) {
    await measure(`1,000 no-op assets, ${shape}, SQLite`, 'ms a step', 2, async () => {
      const store = await newSqlite();
      const took = await millisecondsPerStep(store, shape);
      await store.close();
      return took;
    });
    await measure(`1,000 no-op assets, ${shape}, PostgreSQL, one process`, 'ms a step', 10, async () => {
      const store = await newPostgres();
      const took = await millisecondsPerStep(store, shape);
      await store.close();
      return took;
    });
    await measure(`1,000 no-op assets, ${shape}, PostgreSQL and 2 workers`, 'ms a step', 10, () =>
      workerMillisecondsPerStep(server.url, newSchema(), shape),
    );
  }
  for (const [signal, how] of [
    ['SIGKILL', 'was killed'],
    ['SIGSTOP', 'stands still'],
  ] as const) {
    await measure(
      `the step of a worker that ${how} done by another, lease ${takeoverLease} s`,
      's',
      takeoverLease + 2,
      () => takeoverSeconds(server.url, newSchema(), takeoverLease, signal),
    );
  }
  const main = compile(compiled);
  await measure('another goes on for an owner that is cut off, lease 3 s, SQLite', 'ms', 5000, async () => {
    const store = await newSqlite();
    const took = await takeoverMilliseconds(store, 3);
    await store.close();
    return took;
  });
  for (const shape of ['wide', 'chain'] as const) await besideDagster(main, shape);
  add(
    '`millrace run` of one no-op from a cold shell',
    'ms',
    400,
    coldRunMilliseconds(main, join(folder, 'cold'), 7),
  );
  await measure(
    'loading 10,000 assets: graph, manifest, hash',
    'ms',
    1000,
    () => planning(10_000).loadMilliseconds,
  );
  await measure('planning a run of all 10,000', 'ms', 500, () => planning(10_000).planMilliseconds);
  const sqlite = await newSqlite();
  const inProcess = await handOverMilliseconds(sqlite);
  add(
    "upstream's end to downstream's first line, SQLite: median, 99th",
    'ms',
    250,
    [0.5, 0.99].map((share) => percentile(inProcess, share)),
  );
  await sqlite.close();
  for (const nodes of [10, 2000]) {
    const store = await newSqlite();
    const asked = await conditionMilliseconds(store, nodes);
    add(
      `upstream's end to the first line of a downstream that is eager, ${nodes} conditions, SQLite: median, 99th`,
      'ms',
      250,
      [0.5, 0.99].map((share) => percentile(asked, share)),
    );
    await store.close();
  }
  const idle = await idleFigures(main, join(folder, 'idle'));
  add('`millrace dev`, idle, 100 sensors and 100 schedules: processor', '% of a core', 2, [idle.cpuPercent]);
  add('`millrace dev`, idle, 100 sensors and 100 schedules: memory', 'MB', 150, [idle.megabytes]);
  const postgres = await newPostgres();
  const shared = await handOverMilliseconds(postgres);
  add(
    "upstream's end to downstream's first line, PostgreSQL: median, 99th",
    'ms',
    250,
    [0.5, 0.99].map((share) => percentile(shared, share)),
  );
  const other = await openPostgresLedger(server.url, { schema: `bench_${schemas}` });
  const dispatched = await dispatchMilliseconds(postgres, other);
  add(
    'a run added by another process to its first line at the owner, PostgreSQL: median, 99th',
    'ms',
    250,
    [0.5, 0.99].map((share) => percentile(dispatched, share)),
  );
  await other.close();
  await postgres.close();
  await measure('1,000 queued runs at limit 10, SQLite', 's', 10, async () => {
    const store = await newSqlite();
    const took = await queuedRunsSeconds(store);
    await store.close();
    return took;
  });
  for (const [name, open] of [
    ['SQLite', newSqlite],
    ['PostgreSQL', newPostgres],
  ] as const) {
    const times: PartitionTimes[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const store = await open();
      times.push(await partitionTimes(store));
      await store.close();
    }
    const what = `an asset with ${times[0]?.count.toLocaleString('en')} partitions in 2,000 stretches, ${name}`;
    add(`${what}: status`, 'ms', 100, times.map(({ statusMilliseconds }) => statusMilliseconds)); // prettier-ignore
    add(`${what}: plan of a backfill, with what reads it`, 'ms', 200, times.map(({ planMilliseconds }) => planMilliseconds)); // prettier-ignore
    add(`${what}: the same of what is missing`, 'ms', 200, times.map(({ missingMilliseconds }) => missingMilliseconds)); // prettier-ignore
  }
  const kept = await history(join(folder, 'history.db'), Number(options.events));
  add(`ledger after ${kept.events.toLocaleString('en')} events of steps (SQLite)`, 'MB', 300, [
    kept.bytes / 1e6,
  ]);
  add('the run list then', 'ms', 50, [kept.listMilliseconds]);
  const page = report();
  await writeFile(join(import.meta.dirname, 'result.md'), page);
  process.stdout.write(`\n${page}`);
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
  await rm(compiled, { recursive: true, force: true });
}

/** The same graph in turn, ours and Dagster's, in this process and in one for each step. */
async function besideDagster(main: string, shape: Shape): Promise<void> {
  if (python === undefined) return;
  for (let round = 0; round < rounds; round += 1) {
    for (const [executor, assets] of [
      ['in_process', 200],
      ['multiprocess', 20],
    ] as const) {
      const place = join(folder, `peer-${executor}-${shape}-${round}`);
      let ours: number;
      if (executor === 'in_process') {
        const store = await newSqlite();
        ours = await millisecondsPerStep(store, shape, assets);
        await store.close();
      } else ours = isolatedMillisecondsPerStep(main, `${place}-ours`, { shape, assets });
      const theirs = dagsterTime(python, place, { shape, executor, assets });
      pairs.push({ what: `${assets} no-op assets, ${shape}, ${executor}`, ours, theirs });
      process.stdout.write(
        `${assets} ${shape} ${executor}: ${ours.toFixed(2)} ms a step, Dagster ${theirs.version} ${theirs.millisecondsPerStep.toFixed(1)}\n`,
      );
    }
  }
}

function besideDagsterTable(): string {
  const [first] = pairs;
  if (!first) return '';
  const rows = [...Map.groupBy(pairs, ({ what }) => what)].map(([what, rounds]) => {
    const middle = (values: readonly number[]): number => percentile(values, 0.5);
    const ours = middle(rounds.map((pair) => pair.ours));
    const theirs = middle(rounds.map((pair) => pair.theirs.millisecondsPerStep));
    const ratios = rounds.map((pair) => pair.ours / pair.theirs.millisecondsPerStep);
    const all = ratios.map((ratio) => ratio.toFixed(4)).join(', ');
    return `| ${what} | ${ours.toFixed(2)} ms | ${theirs.toFixed(1)} ms | ${middle(ratios).toFixed(4)} | ${all} |`;
  });
  return `
## Beside Dagster ${first.theirs.version}

The same graphs in turn in the same run, each with its SQLite ledger; milliseconds a step. \`multiprocess\` is a process for each step,
with us \`isolation: 'process'\`, two at a time. Starting Python, importing Dagster and building the definitions are not counted.

| what | Millrace | Dagster | ratio | all |
|---|---|---|---|---|
${rows.join('\n')}
`;
}

function report(): string {
  const rows = lines.map(({ what, unit, target, values }) => {
    const middle = percentile(values, 0.5);
    const judged = what.includes('99th') ? Math.max(...values) : middle;
    const shown = values.map((value) => value.toFixed(2)).join(', ');
    return `| ${what} | ${judged.toFixed(2)} ${unit} | ${target} ${unit} | ${(judged / target).toFixed(2)} | ${shown} |`;
  });
  return `# The engine's own cost

Steps that do nothing, so that all time is Millrace's. A ratio below 1 is within the target.

Machine: ${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}, Node ${process.version};
PostgreSQL 18 on the same machine, every commit on disk (\`fsync\` and \`synchronous_commit\` on).
Load average (1 minute): ${loadBefore.toFixed(1)} before, ${(loadavg()[0] ?? 0).toFixed(1)} after; a quiet machine shows about 0 before.

The SQLite ledger writes ahead with \`synchronous = NORMAL\`: every transition is its own transaction and survives a killed process;
after a power cut the last ones may be missing, never torn. The target for PostgreSQL was set for two workers.

| what | measured | at most | ratio | all |
|---|---|---|---|---|
${rows.join('\n')}
${besideDagsterTable()}
\`\`\`
node --conditions=@millrace/source bench/engine/run.ts
\`\`\`
`;
}
