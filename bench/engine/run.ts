// Measures what the engine and its ledgers add to the work. Each row is written to result.md as soon as it is measured; with `--only`,
// the other rows stay as they were (result.json keeps them).
//
//   [DAGSTER_PYTHON=venv/bin/python] node --conditions=@millrace/source bench/engine/run.ts
//     [--only steps --only cold ...] [--events 1000000] [--rounds 3]
//
// With a Python that has Dagster (`pip install dagster`), the same graphs run there in turn.
// Takes the PostgreSQL that TEST_POSTGRES_URL names, or starts one with its defaults (fsync on).
// Ends with 1 when a row that was measured is above its bar.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openPlace } from './place.ts';
import { judgedValue, kept, readRecord, writeRecord } from './record.ts';
import { reportPage } from './report.ts';
import { rows } from './rows.ts';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    events: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
  },
});
const names = Object.keys(rows);
const strange = options.only?.find((name) => !names.includes(name));
if (strange !== undefined) throw new Error(`there is no row ${strange}; there are ${names.join(', ')}`);

const place = await openPlace(Number(options.rounds), Number(options.events));
try {
  for (const [name, measure] of Object.entries(rows)) {
    if (options.only && !options.only.includes(name)) continue;
    process.stdout.write(`${name} ...\n`);
    const row = await kept(() => measure(place));
    for (const line of row.lines) {
      const isAbove = judgedValue(line) > line.atMost;
      const values = line.values.map((value) => value.toFixed(2)).join(', ');
      process.stdout.write(
        `  ${line.what}: ${values} ${line.unit}${isAbove ? `, above ${line.atMost}` : ''}\n`,
      );
      if (isAbove) process.exitCode = 1;
    }
    for (const { what, ours, theirs } of row.pairs)
      process.stdout.write(
        `  ${what}: ${ours.map((one) => one.toFixed(2)).join(', ')} ms, Dagster ${theirs.map((one) => one.toFixed(1)).join(', ')} ms\n`,
      );
    if (row.lines.length + row.pairs.length === 0) continue;
    const record = { ...readRecord(), [name]: row };
    writeRecord(record);
    await writeFile(join(import.meta.dirname, 'result.md'), reportPage(record, names));
  }
} finally {
  await place.close();
}
