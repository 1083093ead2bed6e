import type { SqlDatabase, SqlSession } from 'millrace/connector';
import { decimalText, ordersOfBatch, type ShopOrder, type ShopSettings } from './orders.ts';

/** The types mean the same in SQLite and PostgreSQL. */
const tables = [
  `create table if not exists orders (
    order_id bigint not null primary key,
    cust_name text not null,
    product text not null,
    product_category text not null,
    quantity integer not null,
    price decimal(10,2) not null,
    purchased_at timestamp not null,
    product_id bigint not null,
    customer_id bigint not null,
    order_date_at date not null,
    discount decimal(10,2) not null,
    shipping_cost decimal(10,2) not null,
    city text not null,
    province text not null,
    country text not null
  )`,
  'create index if not exists orders_purchased_at on orders (purchased_at)',
  `create table if not exists generator_batches (
    batch bigint not null primary key,
    idempotency_key text not null unique,
    order_count bigint not null
  )`,
];

const columnNames = [
  'order_id',
  'cust_name',
  'product',
  'product_category',
  'quantity',
  'price',
  'purchased_at',
  'product_id',
  'customer_id',
  'order_date_at',
  'discount',
  'shipping_cost',
  'city',
  'province',
  'country',
];

/** 15 columns times 500 rows stay well below the 32,766 parameters that SQLite takes and PostgreSQL's 65,535. */
const rowsPerInsert = 500;

export interface AddedBatch {
  readonly batch: number;
  readonly orders: number;
  /** False when an earlier call with the same key had added it. */
  readonly added: boolean;
}

/**
 * Adds the next batch of orders in one transaction that also keeps `idempotencyKey`: calling again
 * with the same key, whatever happened to the first call, adds nothing more.
 */
export async function addBatch(
  database: SqlDatabase,
  settings: ShopSettings,
  idempotencyKey: string,
  onRows: (rows: number, totalRows: number) => void,
  signal: AbortSignal,
): Promise<AddedBatch> {
  return database.transaction(async (session) => {
    for (const table of tables) await session.execute(table, [], signal);
    const place = (index: number): string => database.dialect.parameter(index);
    const before = await session.query(
      `select batch, order_count from generator_batches where idempotency_key = ${place(1)}`,
      [idempotencyKey],
      signal,
    );
    const known = before.rows[0];
    if (known) return { batch: Number(known[0]), orders: Number(known[1]), added: false };
    const last = await session.query('select coalesce(max(batch), 0) from generator_batches', [], signal);
    const batch = Number(last.rows[0]?.[0]) + 1;
    const orders = ordersOfBatch(settings, batch);
    await session.execute(
      `insert into generator_batches (batch, idempotency_key, order_count) values (${place(1)}, ${place(2)}, ${place(3)})`,
      [batch, idempotencyKey, orders.length],
      signal,
    );
    for (let start = 0; start < orders.length; start += rowsPerInsert) {
      await insertOrders(session, orders.slice(start, start + rowsPerInsert), place, signal);
      onRows(Math.min(start + rowsPerInsert, orders.length), orders.length);
    }
    return { batch, orders: orders.length, added: true };
  }, signal);
}

async function insertOrders(
  session: SqlSession,
  orders: readonly ShopOrder[],
  place: (index: number) => string,
  signal: AbortSignal,
): Promise<void> {
  const width = columnNames.length;
  const rows = orders.map(
    (_, row) => `(${columnNames.map((_, column) => place(row * width + column + 1)).join(', ')})`,
  );
  await session.execute(
    `insert into orders (${columnNames.join(', ')}) values ${rows.join(', ')}`,
    orders.flatMap((order) => [
      order.orderId,
      order.customerName,
      order.product,
      order.productCategory,
      order.quantity,
      decimalText(order.priceCents),
      order.purchasedAt,
      order.productId,
      order.customerId,
      order.orderDate,
      decimalText(order.discountCents),
      decimalText(order.shippingCents),
      order.city,
      order.province,
      order.country,
    ]),
    signal,
  );
}
