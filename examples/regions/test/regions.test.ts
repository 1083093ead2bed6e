import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { millrace, millraceJson } from '../../../test/support/millrace-command.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-regions-'));
  const isSource = (path: string): boolean => !/\.millrace|target$/.test(path);
  await cp(join(import.meta.dirname, '..'), folder, { recursive: true, filter: isSource });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function edit(path: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(join(folder, path), 'utf8');
  const changed = change(text);
  expect(changed).not.toBe(text);
  await writeFile(join(folder, path), changed);
}

async function succeed(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await millrace(args, { cwd: folder });
  expect(`${stdout}${stderr}`).not.toContain('error');
  expect(code).toBe(0);
  return stdout;
}

async function rows(sql: string): Promise<readonly string[]> {
  const found = await millraceJson<{ rows: (string | number | null)[][] }>(['sql', sql], { cwd: folder });
  return found.rows.map((row) => row.map((value) => value ?? '').join(' '));
}

const orders = (): Promise<readonly string[]> =>
  rows(
    'select region, order_id, email, cast(amount as decimal(18, 2)) as amount, currency, cast(vat as decimal(18, 2)) as vat from all_orders order by 1, 2',
  );

test('every region with the same models, then another currency, then one more region', async () => {
  await succeed('run');
  expect(await orders()).toEqual([
    'eu 1 ada@example.eu 12.00 EUR 2.28',
    'eu 2 bo@example.eu 4.50 EUR 0.85',
    'eu 3 ada@example.eu 3.00 EUR 0.57',
    'us 1 cy@example.com 9.99 USD ',
    'us 2 dee@example.com 25.00 USD ',
  ]);
  expect(await rows('select region, customers, spent from spent_by_region order by 1')).toEqual([
    'eu 2 19.5',
    'us 2 34.99',
  ]);

  await succeed('parse');
  await cp(join(folder, 'transform/target'), join(folder, 'before'), { recursive: true });
  await edit('transform/datasets.yml', (text) => text.replace('EUR', 'CHF'));
  const selected = await succeed(
    'ls',
    '--select',
    'state:modified+',
    '--state',
    'before',
    '--resource-type',
    'model',
  );
  expect(selected.trim().split('\n')).toEqual([
    'regions.together.all_orders',
    'regions.cleaning.eu.clean_orders',
    'regions.cleaning.eu.customers',
    'regions.together.spent_by_region',
  ]);
  await succeed('build', '--select', 'state:modified+', '--state', 'before');
  expect(await rows('select distinct currency from all_orders order by 1')).toEqual(['CHF', 'USD']);

  await edit('connections.yaml', (text) =>
    text.replace('  WAREHOUSE', '  JP: sqlite://.millrace/jp.db\n  WAREHOUSE'),
  );
  const replication = await readFile(join(folder, 'replications/us.yaml'), 'utf8');
  await writeFile(
    join(folder, 'replications/jp.yaml'),
    replication.replace('source: US', 'source: JP').replace('raw_us', 'raw_jp'),
  );
  await edit(
    'transform/datasets.yml',
    (text) => `${text}      jp: { vars: { currency: JPY, minor_units: 1 } }\n`,
  );
  await succeed('run', '+jp/clean_orders+');
  expect(await orders()).toEqual([
    'eu 1 ada@example.eu 12.00 CHF 2.28',
    'eu 2 bo@example.eu 4.50 CHF 0.85',
    'eu 3 ada@example.eu 3.00 CHF 0.57',
    'jp 1 eri@example.jp 4000.00 JPY ',
    'jp 2  700.00 JPY ',
    'us 1 cy@example.com 9.99 USD ',
    'us 2 dee@example.com 25.00 USD ',
  ]);
});
