import { describe, expect, test } from 'vitest';
import { decimalText, defaultSettings, ordersOfBatch } from './orders.ts';

const small = { seed: 7, historyOrders: 5000 };

describe('ordersOfBatch', () => {
  test('depends on the seed and the batch number only', () => {
    const third = ordersOfBatch(small, 3);
    ordersOfBatch(small, 4);
    expect(ordersOfBatch(small, 3)).toEqual(third);
    expect(ordersOfBatch({ ...small, seed: 8 }, 3)).not.toEqual(third);
  });

  test('the history has the size asked for and fills a year in order', () => {
    const orders = ordersOfBatch(small, 1);
    expect(orders).toHaveLength(5000);
    const times = orders.map((order) => order.purchasedAt);
    expect(times).toEqual([...times].sort());
    expect(new Set(orders.map((order) => order.orderDate)).size).toBe(365);
    expect(times[0]?.slice(0, 7)).toBe('2025-01');
    expect(times.at(-1)?.slice(0, 7)).toBe('2025-12');
  });

  test('ids are unique over all batches, and later batches are later', () => {
    const batches = Array.from({ length: 30 }, (_, index) => ordersOfBatch(small, index + 1));
    const orders = batches.flat();
    expect(new Set(orders.map((order) => order.orderId)).size).toBe(orders.length);
    const times = orders.map((order) => order.purchasedAt);
    expect(times).toEqual([...times].sort());
    for (const batch of batches.slice(1)) {
      expect(batch.length).toBeGreaterThanOrEqual(200);
      expect(batch.length).toBeLessThan(500);
    }
  });

  test('a customer has one name and one home, and money adds up', () => {
    const seen = new Map<number, string>();
    for (const order of [...ordersOfBatch(small, 1), ...ordersOfBatch(small, 2)]) {
      const who = `${order.customerName}|${order.city}|${order.province}|${order.country}`;
      expect(seen.get(order.customerId) ?? who).toBe(who);
      seen.set(order.customerId, who);
      expect(order.quantity).toBeGreaterThanOrEqual(1);
      expect(order.discountCents).toBeLessThan(order.quantity * order.priceCents);
      expect(order.purchasedAt.startsWith(order.orderDate)).toBe(true);
    }
  });

  test('places, products and customers are spread as in a shop', () => {
    const orders = ordersOfBatch({ ...defaultSettings, historyOrders: 20_000 }, 1);
    const count = (
      pick: (order: (typeof orders)[number]) => string | number,
    ): Map<string | number, number> => {
      const counts = new Map<string | number, number>();
      for (const order of orders) counts.set(pick(order), (counts.get(pick(order)) ?? 0) + 1);
      return counts;
    };
    const countries = count((order) => order.country);
    expect(countries.size).toBe(8);
    expect(countries.get('Canada') ?? 0).toBeGreaterThan(0.7 * orders.length);
    expect(count((order) => order.province).size).toBeGreaterThanOrEqual(20);
    expect(count((order) => order.productCategory).size).toBe(8);
    expect(Math.max(...count((order) => order.customerId).values())).toBeGreaterThan(10);
    expect(orders.filter((order) => order.discountCents > 0).length / orders.length).toBeCloseTo(0.3, 1);
  });
});

describe('decimalText', () => {
  test('writes two decimals', () => {
    expect([0, 5, 1205, 129900].map(decimalText)).toEqual(['0.00', '0.05', '12.05', '1299.00']);
  });
});
