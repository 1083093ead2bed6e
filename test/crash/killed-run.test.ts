import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { millrace, millraceJson, startMillrace } from '../support/millrace-command.ts';
import { copyShop, type ShopCopy } from '../support/shop-copy.ts';

const historyOrders = 20_000;
/** In the middle of reading the project and opening the ledger. */
const startUpMs = 400;
const marts = [
  'total_revenue',
  'total_discount',
  'net_revenue_by_city',
  'net_revenue_by_state',
  'net_revenue_by_country',
  'customer_lifetime_value',
  'daily_revenue',
];

interface RunJson {
  readonly runId: string;
  readonly state: string;
}

let whole: ShopCopy;
const expected = new Map<string, readonly (readonly string[])[]>();

beforeAll(async () => {
  whole = await copyShop(historyOrders);
  await millraceJson<RunJson>(['run'], { cwd: whole.folder, env: whole.env });
  for (const mart of marts) expected.set(mart, await contents(whole, mart));
});
afterAll(() => whole.remove());

function contents(shop: ShopCopy, mart: string): Promise<readonly (readonly string[])[]> {
  return shop.rows(`select * from {{ ref('${mart}') }} order by all`);
}

/** Resolves when so many steps have been told to be finished; at 0, when the process is about to begin. */
function finishedSteps(child: ChildProcess, wanted: number): Promise<void> {
  if (wanted === 0) return sleep(startUpMs);
  return new Promise((resolve) => {
    let found = 0;
    child.stderr?.on('data', (chunk: Buffer) => {
      found += chunk.toString().split('✓').length - 1;
      if (found >= wanted) resolve();
    });
  });
}

function customers(shop: ShopCopy): readonly string[] {
  return shop.crm
    .customers()
    .map((customer) => JSON.stringify(Object.entries(customer).filter(([key]) => !/_at$|At/.test(key))))
    .sort();
}

test('the uninterrupted run delivered every customer once', () => {
  expect(customers(whole).length).toBeGreaterThan(0);
  expect(whole.crm.customers().length).toBe(expected.get('customer_lifetime_value')?.length);
});

// Finished steps after which the process is killed: at start-up, in the load, in the models, before the sync.
test.each([0, 1, 2, 4, 7, 12])(
  'kill -9 after %i steps, then run again: the same models and the same CRM',
  async (steps) => {
    const shop = await copyShop(historyOrders);
    try {
      const { child, result } = startMillrace(['run'], { cwd: shop.folder, env: shop.env });
      await finishedSteps(child, steps);
      child.kill('SIGKILL');
      expect((await result).code).toBe(null);

      const again = await millrace(['run', '--json'], { cwd: shop.folder, env: shop.env });
      expect(again.code, again.stdout + again.stderr).toBe(0);
      for (const mart of marts) expect(await contents(shop, mart), mart).toEqual(expected.get(mart));
      expect(customers(shop)).toEqual(customers(whole));

      const { runs } = await millraceJson<{ runs: RunJson[] }>(['runs'], { cwd: shop.folder });
      expect(runs.map((run) => run.state)).toEqual(['succeeded']); // the same run, continued
    } finally {
      await shop.remove();
    }
  },
);
