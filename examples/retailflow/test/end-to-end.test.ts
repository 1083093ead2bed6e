import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { millraceJson } from '../../../test/support/millrace-command.ts';
import { createTestDatabase } from '../../../test/support/postgres-database.ts';
import { copyShop, type ShopCopy } from '../../../test/support/shop-copy.ts';
import { recomputeModels, sortRows, type ExpectedModel, type SoldOrder } from './recompute.ts';
import { ordersSql, readSqliteShop, soldOrder } from './shop-rows.ts';

const historyOrders = 3000;

let shop: ShopCopy;
beforeEach(async () => {
  shop = await copyShop(historyOrders);
});
afterEach(() => shop.remove());

type Environment = Readonly<Record<string, string>>;

async function run(environment: Environment = {}): Promise<void> {
  expect(await command(['run'], environment)).toMatchObject({ state: 'succeeded' });
}

function command<T>(words: readonly string[], environment: Environment): Promise<T> {
  return millraceJson(words, { cwd: shop.folder, env: { ...shop.env, ...environment } });
}

/** Every model and every customer in the CRM, against a recomputation from the shop's rows. */
async function expectAllRight(orders: readonly SoldOrder[], environment: Environment = {}): Promise<void> {
  const expected = recomputeModels(orders);
  const found = await readModels(expected, environment);
  for (const [name, { rows }] of Object.entries(expected)) {
    expect({ name, rows: sortRows(found.get(name) ?? []) }).toEqual({ name, rows });
  }
  expect(customersInCrm()).toEqual(customersOf(expected['customer_lifetime_value']));
}

/** The rows of models as text, in one query. */
async function readModels(
  models: Readonly<Record<string, ExpectedModel>>,
  environment: Environment,
): Promise<ReadonlyMap<string, readonly (readonly string[])[]>> {
  const selects = Object.entries(models).map(([name, { columns }]) => {
    const texts = columns.map((column) => `cast(${column} as varchar)`).join(', ');
    return `select '${name}' as model, concat_ws(chr(9), ${texts}) as line from {{ ref('${name}') }}`;
  });
  const query = selects.join(' union all ');
  const { rows: lines } = await command<{ readonly rows: readonly (readonly string[])[] }>(
    ['sql', query, '--limit', '1000000'],
    environment,
  );
  const byModel = Map.groupBy(lines, ([model]) => model ?? '');
  return new Map(
    [...byModel].map(([model, rows]) => [model, rows.map(([, line]) => (line ?? '').split('\t'))]),
  );
}

/** Decimals arrive as JSON numbers where JavaScript holds them exactly. */
function customersInCrm(): readonly (readonly string[])[] {
  const fields = ['external_id', 'name', 'city', 'country', 'orders', 'lifetime_value', 'tier'];
  const shown = (field: string, value: unknown): string =>
    field === 'lifetime_value' ? Number(value).toFixed(2) : String(value);
  return sortRows(
    shop.crm.customers().map((customer) => fields.map((field) => shown(field, customer[field]))),
  );
}

function customersOf(model: ExpectedModel | undefined): readonly (readonly string[])[] {
  const rows = model?.rows ?? [];
  return sortRows(
    rows.map(([id = '', name = '', city = '', , country = '', orders = '', value = '', , , tier = '']) => [
      id,
      name,
      city,
      country,
      orders,
      value,
      tier,
    ]),
  );
}

describe('RetailFlow', () => {
  test('from the shop to the report and the CRM, then again with what is new', async () => {
    const shopFile = join(shop.folder, '.millrace/shop.db');
    await run();
    const first = readSqliteShop(shopFile);
    expect(first).toHaveLength(historyOrders);
    await expectAllRight(first);

    const sentAtFirst = shop.crm.stats().upserted;
    await run();
    const second = readSqliteShop(shopFile);
    expect(second.length).toBeGreaterThan(first.length);
    await expectAllRight(second);
    const buyers = new Set(second.slice(first.length).map((order) => order.customerId));
    expect(shop.crm.stats().upserted - sentAtFirst).toBe(buyers.size);

    const view = JSON.parse(await readFile(join(shop.folder, '.millrace/reports/revenue.json'), 'utf8'));
    const figure = view.blocks.find((block: { readonly title?: string }) => block.title === 'Orders');
    expect(figure.data.rows[0][0]).toBe(second.length);
    expect(await command(['curate'], {})).toMatchObject({
      unread: [{ key: expect.stringMatching(/product_affinity_legacy$/) }],
    });
  });

  test('with the warehouse in PostgreSQL', async () => {
    const database = await createTestDatabase();
    try {
      const environment = { WAREHOUSE: `${database.url}?sslmode=disable` };
      for (let round = 1; round <= 2; round += 1) {
        await run(environment);
        await expectAllRight(readSqliteShop(join(shop.folder, '.millrace/shop.db')), environment);
      }
    } finally {
      await database.drop();
    }
  });

  test('with the shop in PostgreSQL', async () => {
    const database = await createTestDatabase();
    try {
      for (let round = 1; round <= 2; round += 1) {
        await run({ SHOP_URL: database.url });
        await expectAllRight((await database.query(ordersSql)).map(soldOrder));
      }
    } finally {
      await database.drop();
    }
  });
});
