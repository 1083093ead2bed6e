import { DatabaseSync } from 'node:sqlite';
import type { SoldOrder } from './recompute.ts';

/** Reads the shop's orders in SQLite and in PostgreSQL, with money in whole cents. */
export const ordersSql = `
  select order_id, customer_id, cust_name, product_category, quantity,
    cast(round(price * 100) as bigint) as price_cents,
    cast(round(discount * 100) as bigint) as discount_cents,
    cast(purchased_at as text) as purchased_at, cast(order_date_at as text) as order_date,
    city, province, country
  from orders order by order_id`;

export function soldOrder(row: Readonly<Record<string, unknown>>): SoldOrder {
  const text = (column: string): string => String(row[column]);
  const whole = (column: string): bigint => BigInt(text(column));
  return {
    orderId: whole('order_id'),
    customerId: whole('customer_id'),
    customerName: text('cust_name'),
    productCategory: text('product_category'),
    quantity: whole('quantity'),
    priceCents: whole('price_cents'),
    discountCents: whole('discount_cents'),
    purchasedAt: text('purchased_at'),
    orderDate: text('order_date'),
    city: text('city'),
    province: text('province'),
    country: text('country'),
  };
}

export function readSqliteShop(file: string): readonly SoldOrder[] {
  const database = new DatabaseSync(file, { readOnly: true });
  try {
    return database.prepare(ordersSql).all().map(soldOrder);
  } finally {
    database.close();
  }
}
