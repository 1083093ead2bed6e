// Measures a replication of 18 streams with nothing new beside connecting alone, and writes result-idle.md.
//
//   node --conditions=@millrace/source bench/load/idle.ts [--streams 18] [--rows 10000] [--rounds 5]
//
// Takes the PostgreSQL that TEST_POSTGRES_URL names, or starts one.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
import { measure, median } from './measure.ts';
import { compiledCommand, machineLines, millraceCommand } from './millrace-program.ts';
import { startServer } from './server.ts';

const { values: options } = parseArgs({
  options: {
    streams: { type: 'string', default: '18' },
    rows: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
  },
});
const tables = Array.from({ length: Number(options.streams) }, (_, index) => `orders_${index + 1}`);
/** Most that the run may take beyond connecting. */
const limitSeconds = 0.3;
const here = import.meta.dirname;
const loadBefore = loadavg()[0] ?? 0;
const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
const server = await startServer();
const url = `${server.url}?sslmode=disable`;
const warehouse = join(folder, 'warehouse.duckdb');
const environment = { ...process.env, BENCH_SHOP: url, BENCH_WAREHOUSE: `duckdb://${warehouse}` };

try {
  await prepare();
  const replication = join(folder, 'replication.yaml');
  const command = millraceCommand(folder, `run -r ${replication}`);
  const alone = compiledCommand(folder, `${join(here, 'connect-alone.ts')} '${url}' ${warehouse}`);
  await measure(command, environment);
  await measure(alone, environment);
  const floors: number[] = [];
  const loads: number[] = [];
  for (let round = 1; round <= Number(options.rounds); round += 1) {
    const floor = await measure(alone, environment);
    const load = await measure(command, environment);
    floors.push(floor.wallSeconds);
    loads.push(load.wallSeconds);
    process.stdout.write(
      `round ${round}: connecting ${floor.wallSeconds.toFixed(3)} s, Millrace ${load.wallSeconds.toFixed(3)} s\n`,
    );
  }
  const over = loads.map((seconds, round) => seconds - (floors[round] ?? Number.NaN));
  const text = page(floors, loads, over);
  await writeFile(join(here, 'result-idle.md'), text);
  process.stdout.write(`\n${text}`);
  process.exitCode = median(over) <= limitSeconds ? 0 : 1;
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function prepare(): Promise<void> {
  const client = new Client(url);
  await client.connect();
  for (const table of tables) {
    await client.query(`drop table if exists ${table}`);
    await client.query(`create table ${table} as select id, md5(id::text) as note, now() - id * interval '1 minute' as updated_at
      from generate_series(1, ${Number(options.rows)}) id`);
    await client.query(`alter table ${table} add primary key (id)`);
    await client.query(`create index on ${table} (updated_at)`);
  }
  await client.end();
  const streams = Object.fromEntries(tables.map((table) => [`public.${table}`, null]));
  const defaults = {
    mode: 'incremental',
    object: 'main.{stream_table}',
    primary_key: 'id',
    update_key: 'updated_at',
  };
  const replication = { source: 'BENCH_SHOP', target: 'BENCH_WAREHOUSE', defaults, streams };
  await writeFile(join(folder, 'replication.yaml'), JSON.stringify(replication));
}

function page(floors: readonly number[], loads: readonly number[], over: readonly number[]): string {
  const ms = (seconds: number): string => `${Math.round(seconds * 1000)}`;
  return `# Streams with nothing new beside connecting alone

${tables.length} incremental streams of ${Number(options.rows).toLocaleString('en')} rows from PostgreSQL into DuckDB, loaded before. Connecting alone: a connection to the server and the
DuckDB file, a query on each (\`connect-alone.ts\`). Both as whole processes, in turn in one run; both ran once before, so that
both found their programs compiled.

${machineLines(loadBefore).join('\n')}
- Node ${process.version}

| connecting ms | Millrace ms | over it ms, median | each | limit |
|---|---|---|---|---|
| ${ms(median(floors))} | ${ms(median(loads))} | ${ms(median(over))} | ${over.map(ms).join(', ')} | ${ms(limitSeconds)} |
`;
}
