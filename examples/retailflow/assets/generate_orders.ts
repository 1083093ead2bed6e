import { defineTask, type TaskDefinition } from 'millrace';
import { defaultSettings } from '../shop/orders.ts';
import { addBatch } from '../shop/shop-database.ts';

/** Stands for the shop: the first run writes its history, each later run what was bought since. */
const generateOrders: TaskDefinition = defineTask({
  key: 'generate_orders',
  description: "Appends a batch of orders to the shop's database",
  tags: ['shop'],
  before: ['shop/orders'],
  run: async (context) => {
    const { database } = await context.connection('SHOP');
    if (!database) throw new Error('the connection SHOP must be a database');
    const settings = {
      ...defaultSettings,
      historyOrders:
        wholeNumber(context.environment['RETAILFLOW_HISTORY_ORDERS']) ?? defaultSettings.historyOrders,
    };
    const { batch, orders, added } = await addBatch(
      database,
      settings,
      context.idempotencyKey,
      (rows, totalRows) => context.progress({ rows, totalRows, phase: 'selling' }),
      context.signal,
    );
    context.log(
      added ? `Batch ${batch}: ${orders} orders` : `Batch ${batch} was already there; nothing added`,
    );
    return { rows: orders, metadata: { batch, added } };
  },
});

function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error('RETAILFLOW_HISTORY_ORDERS must be a whole number above 0');
}

export default generateOrders;
