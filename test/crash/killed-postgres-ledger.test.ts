import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { millrace, millraceJson, startMillrace } from '../support/millrace-command.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres-database.ts';
import { copyShop, type ShopCopy } from '../support/shop-copy.ts';

interface RunJson {
  readonly runId: string;
  readonly state: string;
}

interface RunsJson {
  readonly runs: readonly { readonly id: string; readonly state: string }[];
}

let database: TestDatabase;
let shop: ShopCopy;
let env: Readonly<Record<string, string>>;

beforeEach(async () => {
  database = await createTestDatabase();
  shop = await copyShop(5000);
  env = { ...shop.env, MILLRACE_LEDGER_URL: database.url };
});
afterEach(async () => {
  await shop.remove();
  await database.drop();
});

async function finishedSteps(): Promise<number> {
  const exists = await database.query(
    `SELECT 1 FROM pg_tables WHERE schemaname = 'millrace_ledger' AND tablename = 'steps'`,
  );
  if (exists.length === 0) return 0;
  const [row] = await database.query(
    `SELECT count(*)::int FROM millrace_ledger.steps WHERE state = 'succeeded'`,
  );
  return Number(row?.['count']);
}

async function customerCount(): Promise<number> {
  const [[count] = []] = await shop.rows(`select count(*) from {{ ref('customer_lifetime_value') }}`);
  return Number(count);
}

test('a run that was killed in the middle is continued by another process from the shared ledger', async () => {
  const first = startMillrace(['run'], { cwd: shop.folder, env });
  while ((await finishedSteps()) < 5) await sleep(20);
  first.child.kill('SIGKILL');
  await first.result;
  const before = await finishedSteps();
  expect(before).toBeGreaterThanOrEqual(5);

  const again = await millraceJson<RunJson>(['run'], { cwd: shop.folder, env });
  expect(again.state).toBe('succeeded');
  const { runs } = await millraceJson<RunsJson>(['runs'], { cwd: shop.folder, env });
  expect(runs.map(({ id, state }) => [id, state])).toEqual([[again.runId, 'succeeded']]);
  const twice = await database.query(
    `SELECT step FROM millrace_ledger.events WHERE type = 'step_state' AND detail->>'state' = 'succeeded'
     GROUP BY step HAVING count(*) > 1`,
  );
  expect(twice).toEqual([]);
  expect(shop.crm.customers()).toHaveLength(await customerCount());
});

test('two processes at once share the ledger: one executes both runs, and none is lost', async () => {
  const results = await Promise.all([
    millrace(['run', '--json'], { cwd: shop.folder, env }),
    millrace(['run', '--json'], { cwd: shop.folder, env }),
  ]);
  for (const result of results) expect(result.code, result.stdout + result.stderr).toBe(0);
  const ids = results.map((result) => (JSON.parse(result.stdout) as RunJson).runId);
  const { runs } = await millraceJson<RunsJson>(['runs'], { cwd: shop.folder, env });
  expect(runs.map(({ id }) => id).sort()).toEqual(ids.toSorted());
  expect(runs.map(({ state }) => state)).toEqual(['succeeded', 'succeeded']);
  expect(shop.crm.customers()).toHaveLength(await customerCount());
});

test('the configuration names the ledger too, and a wrong one is told without its password', async () => {
  const config = join(shop.folder, 'millrace.config.ts');
  const url = new URL(database.url);
  url.searchParams.set('schema', 'shop_ledger');
  await appendFile(config, `\nObject.assign(project, { ledger: ${JSON.stringify(url.href)} });\n`);
  expect(await millraceJson<RunsJson>(['runs'], { cwd: shop.folder, env: shop.env })).toMatchObject({
    runs: [],
  });
  expect(await database.query('SELECT * FROM shop_ledger.runs')).toEqual([]);

  url.password = 'hush-hush';
  const wrong = await millrace(['run'], {
    cwd: shop.folder,
    env: { ...shop.env, MILLRACE_LEDGER_URL: url.href },
  });
  expect(wrong.code).not.toBe(0);
  expect(wrong.stdout + wrong.stderr).toContain('The run ledger on 127.0.0.1');
  expect(wrong.stdout + wrong.stderr).not.toContain('hush-hush');
});
