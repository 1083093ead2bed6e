import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Connection, ConnectorEnvironment } from 'millrace/connector';
import { postgresConnector } from '../../../src/connectors/postgres/index.ts';
import { sqliteConnector } from '../../../src/connectors/sqlite/index.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/support/postgres-database.ts';
import { ordersOfBatch } from './orders.ts';
import { addBatch } from './shop-database.ts';

const settings = { seed: 3, historyOrders: 1200 };
const signal = new AbortController().signal;

function environment(folder: string): ConnectorEnvironment {
  return { name: 'SHOP', projectFolder: folder, temporaryFolder: folder, memoryBudgetBytes: 100_000_000 };
}

describe('the shop in SQLite', () => {
  let folder = '';
  let shop: Connection;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'retailflow-shop-'));
    shop = await sqliteConnector.open({ database: 'shop.db' }, environment(folder));
  });
  afterEach(async () => {
    await shop.close();
    await rm(folder, { recursive: true });
  });

  test('keeps what the generator made, to the cent', () => expectBatches(shop));
  test('a repeated key adds nothing', () => expectIdempotence(shop));
  test('a batch that breaks off leaves nothing', () => expectAtomicity(shop));
});

describe('the shop in PostgreSQL', () => {
  let server: TestDatabase;
  let shop: Connection;
  beforeAll(async () => {
    server = await createTestDatabase();
    const config = postgresConnector.config.parse(postgresConnector.parseUrl(server.url));
    shop = await postgresConnector.open(config, environment(tmpdir()));
  });
  beforeEach(async () => {
    await server.query('drop table if exists orders, generator_batches');
  });
  afterAll(async () => {
    await shop.close();
    await server.drop();
  });

  test('keeps what the generator made, to the cent', () => expectBatches(shop));
  test('a repeated key adds nothing', () => expectIdempotence(shop));
  test('a batch that breaks off leaves nothing', () => expectAtomicity(shop));
});

function sell(shop: Connection, key: string, onRows: (rows: number) => void = () => undefined) {
  if (!shop.database) throw new Error('no database');
  return addBatch(shop.database, settings, key, onRows, signal);
}

async function count(shop: Connection, table: string): Promise<number> {
  const result = await shop.database?.query(`select count(*) from ${table}`);
  return Number(result?.rows[0]?.[0]);
}

async function expectBatches(shop: Connection): Promise<void> {
  expect(await sell(shop, 'a')).toEqual({ batch: 1, orders: 1200, added: true });
  const second = await sell(shop, 'b');
  expect(second).toMatchObject({ batch: 2, added: true });
  const expected = [...ordersOfBatch(settings, 1), ...ordersOfBatch(settings, 2)];
  const found = await shop.database?.query(
    `select order_id, cust_name, product, quantity, price, discount,
       cast(order_date_at as text), city, province, country
     from orders order by order_id`,
  );
  expect(found?.rows.map((row) => row.map(String))).toEqual(
    expected.map((order) =>
      [
        order.orderId,
        order.customerName,
        order.product,
        order.quantity,
        (order.priceCents / 100).toFixed(2),
        (order.discountCents / 100).toFixed(2),
        order.orderDate,
        order.city,
        order.province,
        order.country,
      ].map(String),
    ),
  );
}

async function expectIdempotence(shop: Connection): Promise<void> {
  const first = await sell(shop, 'a');
  expect(await sell(shop, 'a')).toEqual({ ...first, added: false });
  const next = await sell(shop, 'b');
  expect(next.batch).toBe(2);
  expect(await sell(shop, 'a')).toEqual({ ...first, added: false });
  expect(await count(shop, 'orders')).toBe(first.orders + next.orders);
  expect(await count(shop, 'generator_batches')).toBe(2);
}

async function expectAtomicity(shop: Connection): Promise<void> {
  await sell(shop, 'a');
  await expect(
    sell(shop, 'b', () => {
      throw new Error('broken off');
    }),
  ).rejects.toThrow('broken off');
  expect(await count(shop, 'orders')).toBe(1200);
  expect(await sell(shop, 'b')).toMatchObject({ batch: 2, added: true });
}
