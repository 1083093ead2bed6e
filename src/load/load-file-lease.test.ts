import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LoadHarness } from '../../test/support/load-harness.ts';
import { filesConnector } from '../connectors/files/index.ts';
import { sqliteConnector } from '../connectors/sqlite/index.ts';

let harness: LoadHarness;
beforeAll(async () => {
  harness = await LoadHarness.create();
  await harness.open('LITE', sqliteConnector, { path: join(harness.folder, 'shop.db') });
  await harness.open('OUT', filesConnector, { path: join(harness.folder, 'out') });
  await harness.open('SAME', filesConnector, { path: join(harness.folder, 'out') });
  await harness.run(
    'LITE',
    'create table orders (id integer primary key, at integer)',
    'insert into orders with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000) select i, i from n',
  );
});
afterAll(() => harness.close());

const yaml = (target: string, more = 'object: orders.csv, mode: full-refresh'): string =>
  `source: LITE\ntarget: ${target}\nstreams: { orders: { ${more} } }\n`;
const names = (folder = '.'): readonly string[] => readdirSync(join(harness.folder, 'out', folder)).sort();

test('two loads of one file come one after another, and leave nothing but the file', async () => {
  await Promise.all(['OUT', 'SAME', 'OUT', 'SAME'].map((target) => harness.loadOne(yaml(target))));
  expect(readFileSync(join(harness.folder, 'out/orders.csv'), 'utf8').split('\n')).toHaveLength(5002);
  expect(names()).toEqual(['orders.csv']);
});

test('two incremental loads of one stream write each row once', async () => {
  const more = "object: 'by/{execution.id}.csv', mode: incremental, update_key: at";
  await Promise.all(
    ['OUT', 'OUT', 'OUT'].map((target) =>
      harness.loadOne(yaml(target, more)).catch((error: unknown) => error),
    ),
  );
  const rows = names('by')
    .filter((name) => name.endsWith('.csv'))
    .flatMap((name) =>
      readFileSync(join(harness.folder, 'out/by', name), 'utf8')
        .trim()
        .split('\n')
        .slice(1),
    );
  expect([rows.length, new Set(rows).size]).toEqual([5000, 5000]);
});

test('a load waits for that of another process, and goes on when it is killed', async () => {
  const lease = join(harness.folder, 'out/.orders.csv~lock');
  const script = `import { DatabaseSync } from 'node:sqlite'; const d = new DatabaseSync(${JSON.stringify(lease)}); d.exec('begin exclusive'); console.log('held'); setInterval(() => {}, 1000);`;
  const other = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(other.stdout, 'data');
  let isKilled = false;
  await harness.loadOne(yaml('OUT'), {
    onLog: (line) => {
      if (!/orders\.csv is being loaded by another load: waiting/.test(line)) return;
      isKilled = other.kill('SIGKILL');
    },
  });
  expect(isKilled).toBe(true);
  expect(existsSync(lease)).toBe(false);
});

test('a folder of parts that was aside when its load was killed is put back, also when the next one fails', async () => {
  const parts = 'object: parts.csv, mode: full-refresh, target_options: { file_max_rows: 2000 }';
  await harness.loadOne(yaml('OUT', parts));
  const before = names('parts.csv');
  expect(before).toHaveLength(3);
  renameSync(join(harness.folder, 'out/parts.csv'), join(harness.folder, 'out/.parts.csv~00000000'));
  mkdirSync(join(harness.folder, 'out/.parts.csv~0123abcd'));
  writeFileSync(join(harness.folder, 'out/.parts.csv~0123abcd/part-0001.csv'), 'id\n');
  await expect(harness.loadOne(yaml('OUT', `${parts}, where: "nothing = 1"`))).rejects.toThrow(/nothing/);
  await expect(
    harness.loadOne(yaml('OUT', `${parts}, columns: { at: 'bigint | value < 3' }`)),
  ).rejects.toThrow(/breaks/);
  expect(names('parts.csv')).toEqual(before);
  expect(names()).not.toContain('.parts.csv~00000000');
});
