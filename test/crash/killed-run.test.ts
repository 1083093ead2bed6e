import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { millrace, millraceJson, startMillrace } from '../support/millrace-command.ts';
import { copyShop, type ShopCopy } from '../support/shop-copy.ts';

const historyOrders = 20_000;
const kills = 6;
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
let wholeRunMs: number;
const expected = new Map<string, readonly (readonly string[])[]>();

beforeAll(async () => {
  whole = await copyShop(historyOrders);
  const startedAtMs = performance.now();
  await millraceJson<RunJson>(['run'], { cwd: whole.folder, env: whole.env });
  wholeRunMs = performance.now() - startedAtMs;
  for (const mart of marts) expected.set(mart, await contents(whole, mart));
});
afterAll(() => whole.remove());

function contents(shop: ShopCopy, mart: string): Promise<readonly (readonly string[])[]> {
  return shop.rows(`select * from {{ ref('${mart}') }} order by all`);
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

// Kills spread evenly over the run's length: start-up, load, models, report, sync.
test.each(Array.from({ length: kills }, (_, index) => (index + 1) / (kills + 1)))(
  'kill -9 after %f of the run, then run again: the same models and the same CRM',
  async (share) => {
    const shop = await copyShop(historyOrders);
    try {
      const { child, result } = startMillrace(['run'], { cwd: shop.folder, env: shop.env });
      await sleep(wholeRunMs * share);
      child.kill('SIGKILL');
      const { code } = await result;

      // Where the machine was faster than at the first run, nothing was interrupted.
      if (code === 0) return;
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
