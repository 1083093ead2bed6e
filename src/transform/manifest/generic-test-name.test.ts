import { expect, test } from 'vitest';
import { genericTestName } from './generic-test-name.ts';

test('names are those that dbt gives', () => {
  expect(genericTestName('unique', 'orders', { column_name: 'order_id' })).toBe('unique_orders_order_id');
  expect(
    genericTestName('accepted_values', 'orders', {
      column_name: 'status',
      values: ['placed', 'to be shipped', true, 1],
    }),
  ).toBe('accepted_values_orders_status__placed__to_be_shipped__True__1');
  expect(
    genericTestName('relationships', 'orders', {
      to: "ref('customers')",
      field: 'id',
      column_name: 'customer_id',
    }),
  ).toBe('relationships_orders_customer_id__id__ref_customers_');
  expect(genericTestName('near', 'orders', { tolerance: 1e-7, most: 0.5 })).toBe('near_orders_0_5__1e_07');
});
