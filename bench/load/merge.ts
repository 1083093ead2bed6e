// Measures the merge of changed rows into a large DuckDB table beside the same delete and insert written by hand,
// and writes result-merge.md.
//
//   node --conditions=@millrace/source bench/load/merge.ts [--rows 10000000] [--changes 100000] [--rounds 3]

import { DuckDBInstance } from '@duckdb/node-api';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measure } from './measure.ts';
import { compiledCommand, millraceCommand } from './millrace-program.ts';
import { exitCodeOf, reportPage } from './report.ts';
import { measureRoute, type Route } from './route.ts';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string' },
    changes: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '3' },
  },
});
/** What result-merge.md is about; a smaller run is only printed. */
const recordedRows = 10_000_000;
const rows = Number(options.rows ?? recordedRows);
const changes = Number(options.changes);
const loadText =
  'run --src-conn BENCH_FILES --src-stream changes.parquet --tgt-conn BENCH_WAREHOUSE --tgt-object main.wide --mode incremental --primary-key id --update-key updated_at';
const here = import.meta.dirname;
const loadBefore = loadavg()[0] ?? 0;
const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));
const original = join(folder, 'original.duckdb');
const warehouse = join(folder, 'warehouse.duckdb');
const changedRows = join(folder, 'changes.parquet');
/** What the table held after each merge: all must be the same. */
let outcomes: readonly string[] = [];
let isMerged = false;

try {
  await prepare();
  const route: Route = {
    name: 'Merge into DuckDB',
    limit: 1.3,
    floorCommand: compiledCommand(folder, `${join(here, 'merge-by-hand.ts')} ${warehouse} ${changedRows}`),
    command: millraceCommand(folder, loadText),
    shownCommands: ['node merge-by-hand.ts warehouse.duckdb changes.parquet', `millrace ${loadText}`],
    reset: async () => {
      if (isMerged) outcomes = [...outcomes, await contents()];
      isMerged = true;
      await copyFile(original, warehouse);
    },
  };
  for (const command of [route.floorCommand, route.command]) {
    await route.reset();
    await measure(command, process.env);
  }
  const result = await measureRoute(route, Number(options.rounds), process.env);
  outcomes = [...outcomes, await contents()];
  if (new Set(outcomes).size !== 1) throw new Error('the tables differ');
  const text = reportPage(
    {
      title: 'A merge beside the same delete and insert written by hand',
      about: [
        `${changes.toLocaleString('en')} changed rows of a Parquet file into ${rows.toLocaleString('en')} rows of a DuckDB table of 13 columns. By hand: the file into a`,
        'temporary table, delete, insert, commit (`merge-by-hand.ts`). Millrace also stages, checks the key, leaves rows alone that are',
        'the same, counts, and keeps its watermark and its ledger. Both got a fresh copy of the table, left the same one behind, and',
        'brought all of it into the file before they ended. Both ran once before, so that both found their programs compiled.',
      ],
      rows: changes,
      versions: [`Node ${process.version}`],
      loadBefore,
    },
    [result],
  );
  if (rows === recordedRows) await writeFile(join(here, 'result-merge.md'), text);
  process.stdout.write(`\n${text}`);
  process.exitCode = exitCodeOf([result]);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function prepare(): Promise<void> {
  process.stdout.write(`making ${rows} rows\n`);
  const connections = {
    BENCH_FILES: { type: 'file', path: folder },
    BENCH_WAREHOUSE: { type: 'duckdb', path: warehouse },
  };
  await writeFile(join(folder, 'connections.yaml'), JSON.stringify({ connections }));
  const instance = await DuckDBInstance.create(original);
  const connection = await instance.connect();
  await connection.run(`create table main.wide as ${wideRows('range(1, ? + 1)')}`, [rows]);
  const every = Math.max(1, Math.floor(rows / changes));
  const changed = `select * replace ((amount + 1)::decimal(12, 2) as amount, timestamptz '2026-01-01' as updated_at)
    from main.wide where id % ${every} = 0 limit ${changes}`;
  await connection.run(`copy (${changed}) to '${changedRows}'`);
  connection.closeSync();
  instance.closeSync();
}

/** The columns of wide.sql. */
function wideRows(ids: string): string {
  return `select g as id, (hash(g) % 1000000)::int as customer_id, (g % 50)::smallint as store_id,
  case when g % 13 = 0 then null else (hash(g, 1) % 100)::int end as qty, ((hash(g, 2) % 10000000) / 100)::decimal(12, 2) as amount,
  ['pending', 'paid', 'shipped', 'delivered', 'returned'][1 + g % 5] as status, 'user' || g || '@example' || g % 97 || '.com' as email,
  case when g % 7 = 0 then null else md5(g::varchar) || ' some note' end as note,
  timestamptz '2020-01-01' + to_seconds(g) as created_at, g % 3 = 0 as is_active,
  json_object('k', g % 1000, 'src', 'web') as payload, uuid() as uid, timestamptz '2024-01-01' + to_seconds(g % 31536000) as updated_at
  from ${ids} as ids(g)`;
}

/** Enough of the table to know that both ways made the same one. */
async function contents(): Promise<string> {
  const instance = await DuckDBInstance.create(warehouse, { access_mode: 'READ_ONLY' });
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll(
    'select count(*), sum(amount), max(updated_at)::varchar, bit_xor(hash(wide)) from main.wide',
  );
  connection.closeSync();
  instance.closeSync();
  return JSON.stringify(reader.getRowsJson());
}
