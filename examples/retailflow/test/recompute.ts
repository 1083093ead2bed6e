/** An order as the recomputation takes it. Money in cents. */
export interface SoldOrder {
  readonly orderId: bigint;
  readonly customerId: bigint;
  readonly customerName: string;
  readonly productCategory: string;
  readonly quantity: bigint;
  readonly priceCents: bigint;
  readonly discountCents: bigint;
  /** `2025-03-01 14:05:09` */
  readonly purchasedAt: string;
  readonly orderDate: string;
  readonly city: string;
  readonly province: string;
  readonly country: string;
}

/** A model's rows as text: one array per row, in the order of `columns`; sorted. */
export interface ExpectedModel {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Every mart of `transform/`, worked out from the orders without SQL. */
export function recomputeModels(orders: readonly SoldOrder[]): Readonly<Record<string, ExpectedModel>> {
  return {
    total_revenue: model(
      ['orders', 'total_revenue'],
      [[String(orders.length), money(sum(orders, (order) => order.quantity * order.priceCents))]],
    ),
    total_discount: model(
      ['discounted_orders', 'total_discount'],
      [
        [
          String(orders.filter((order) => order.discountCents > 0n).length),
          money(sum(orders, (order) => order.discountCents)),
        ],
      ],
    ),
    net_revenue_by_city: model(
      ['city', 'province', 'country', 'orders', 'net_revenue'],
      revenueBy(orders, (order) => [order.city, order.province, order.country]),
    ),
    net_revenue_by_state: model(
      ['state', 'country', 'orders', 'net_revenue'],
      revenueBy(orders, (order) => [order.province, order.country]),
    ),
    net_revenue_by_country: model(
      ['country', 'orders', 'net_revenue'],
      revenueBy(orders, (order) => [order.country]),
    ),
    daily_revenue: model(
      ['order_date', 'orders', 'net_revenue'],
      revenueBy(orders, (order) => [order.orderDate]),
    ),
    customer_lifetime_value: model(
      [
        'customer_id',
        'customer_name',
        'city',
        'province',
        'country',
        'orders',
        'lifetime_value',
        'first_order_at',
        'last_order_at',
        'tier',
      ],
      [...groupBy(orders, (order) => String(order.customerId)).values()].map(customerRow),
    ),
    product_affinity_legacy: model(['category', 'other_category', 'customers'], affinity(orders)),
  };
}

function customerRow(orders: readonly SoldOrder[]): readonly string[] {
  const [first] = orders;
  if (!first) throw new Error('a customer without orders');
  const times = orders.map((order) => order.purchasedAt).sort();
  const cents = sum(orders, netCents);
  const tier = cents >= 250_000n ? 'gold' : cents >= 50_000n ? 'silver' : 'bronze';
  return [
    String(first.customerId),
    first.customerName,
    first.city,
    first.province,
    first.country,
    String(orders.length),
    money(cents),
    times[0] ?? '',
    times.at(-1) ?? '',
    tier,
  ];
}

function affinity(orders: readonly SoldOrder[]): readonly (readonly string[])[] {
  const customers = new Map<string, number>();
  for (const bought of groupBy(orders, (order) => String(order.customerId)).values()) {
    const categories = [...new Set(bought.map((order) => order.productCategory))].sort();
    for (const [index, category] of categories.entries()) {
      for (const other of categories.slice(index + 1)) {
        const pair = `${category}\t${other}`;
        customers.set(pair, (customers.get(pair) ?? 0) + 1);
      }
    }
  }
  return [...customers].map(([pair, count]) => [...pair.split('\t'), String(count)]);
}

function revenueBy(
  orders: readonly SoldOrder[],
  names: (order: SoldOrder) => readonly string[],
): readonly (readonly string[])[] {
  return [...groupBy(orders, (order) => names(order).join('\t'))].map(([key, group]) => [
    ...key.split('\t'),
    String(group.length),
    money(sum(group, netCents)),
  ]);
}

function netCents(order: SoldOrder): bigint {
  return order.quantity * order.priceCents - order.discountCents;
}

function sum(orders: readonly SoldOrder[], cents: (order: SoldOrder) => bigint): bigint {
  return orders.reduce((total, order) => total + cents(order), 0n);
}

function groupBy(
  orders: readonly SoldOrder[],
  key: (order: SoldOrder) => string,
): ReadonlyMap<string, readonly SoldOrder[]> {
  return Map.groupBy(orders, key);
}

function money(cents: bigint): string {
  const digits = String(cents).padStart(3, '0');
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

function model(columns: readonly string[], rows: readonly (readonly string[])[]): ExpectedModel {
  return { columns, rows: sortRows(rows) };
}

/** By code unit, so that no collation has a say. */
export function sortRows(rows: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const key = (row: readonly string[]): string => row.join('\t');
  return [...rows].sort((a, b) => (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}
