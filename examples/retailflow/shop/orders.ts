import { cities, familyNames, givenNames, products, type City } from './catalogue.ts';
import { pickIndex, pickWeighted, randomOf, runningTotals, type Random } from './random.ts';

/** One order as the shop's table holds it. Money is in cents; times are UTC. */
export interface ShopOrder {
  readonly orderId: number;
  readonly customerName: string;
  readonly product: string;
  readonly productCategory: string;
  readonly quantity: number;
  readonly priceCents: number;
  /** `2025-03-01 14:05:09` */
  readonly purchasedAt: string;
  readonly productId: number;
  readonly customerId: number;
  /** `2025-03-01` */
  readonly orderDate: string;
  /** Off the whole order. */
  readonly discountCents: number;
  readonly shippingCents: number;
  readonly city: string;
  readonly province: string;
  readonly country: string;
}

export interface ShopSettings {
  readonly seed: number;
  /** Orders in batch 1, the shop's history. */
  readonly historyOrders: number;
}

export const defaultSettings: ShopSettings = { seed: 20250101, historyOrders: 100_000 };

/** Each later batch has an id range of its own, so that its ids depend on its number only. */
const idsPerBatch = 1000;
const batchSeconds = 180;
const historyStartSeconds = Date.UTC(2025, 0, 1) / 1000;
const historyDays = 365;
const historyCustomers = 12_000;
const newCustomersPerBatch = 4;

const orderStream = 1;
const customerStream = 2;

const productTotals = runningTotals(products.map((product) => product.weight));
const cityTotals = runningTotals(cities.map((city) => city.weight));
/** More at weekends, and towards the end of the year. */
const dayTotals = runningTotals(
  Array.from({ length: historyDays }, (_, day) => {
    const weekday = (day + 3) % 7;
    return (weekday >= 5 ? 1.35 : 1) * (1 + 0.5 * (day / historyDays)) * (day > 325 && day < 358 ? 1.8 : 1);
  }),
);
/** By hour of day. */
const hourTotals = runningTotals([
  3, 2, 1, 1, 1, 2, 4, 7, 10, 13, 15, 17, 19, 18, 17, 16, 17, 19, 22, 25, 26, 20, 12, 6,
]);
const quantityTotals = runningTotals([62, 22, 9, 4, 3]);
const discountPercents = [5, 10, 15, 20, 30] as const;

/** The orders of one batch, in order of time. Depends on the settings and the batch's number only; batches count from 1. */
export function ordersOfBatch(settings: ShopSettings, batch: number): readonly ShopOrder[] {
  const random = randomOf(settings.seed, orderStream, batch);
  const history = batch === 1;
  const count = history ? settings.historyOrders : 200 + pickIndex(random, 300);
  const firstId = history ? 1 : settings.historyOrders + (batch - 2) * idsPerBatch + 1;
  const customerCount = historyCustomers + newCustomersPerBatch * (batch - 1);
  const seconds = Array.from({ length: count }, () => purchaseSecond(random, batch)).sort((a, b) => a - b);
  return seconds.map((second, index) =>
    orderAt(random, settings.seed, firstId + index, second, customerCount),
  );
}

function purchaseSecond(random: Random, batch: number): number {
  if (batch > 1) {
    const start = historyStartSeconds + historyDays * 86_400 + (batch - 2) * batchSeconds;
    return start + pickIndex(random, batchSeconds);
  }
  const day = pickWeighted(random, dayTotals);
  const hour = pickWeighted(random, hourTotals);
  return historyStartSeconds + day * 86_400 + hour * 3600 + pickIndex(random, 3600);
}

function orderAt(
  random: Random,
  seed: number,
  orderId: number,
  second: number,
  customerCount: number,
): ShopOrder {
  // The square makes some customers come back often and many only once or twice.
  const customerId = 1 + Math.floor(customerCount * random() ** 2);
  const customer = customerOf(seed, customerId);
  const product = products[pickWeighted(random, productTotals)];
  if (!product) throw new Error('the catalogue is empty');
  const quantity = 1 + pickWeighted(random, quantityTotals);
  const amountCents = quantity * product.priceCents;
  const discountCents = discountOf(random, amountCents);
  const purchasedAt = new Date(second * 1000).toISOString().slice(0, 19).replace('T', ' ');
  return {
    orderId,
    customerName: customer.name,
    product: product.name,
    productCategory: product.category,
    quantity,
    priceCents: product.priceCents,
    purchasedAt,
    productId: product.id,
    customerId,
    orderDate: purchasedAt.slice(0, 10),
    discountCents,
    shippingCents: shippingOf(customer.home.country, amountCents - discountCents),
    city: customer.home.city,
    province: customer.home.province,
    country: customer.home.country,
  };
}

/** Three in ten orders have one; rounded half up to the cent. */
function discountOf(random: Random, amountCents: number): number {
  if (random() >= 0.3) return 0;
  const percent = discountPercents[pickIndex(random, discountPercents.length)] ?? 0;
  return Math.floor((amountCents * percent + 50) / 100);
}

function shippingOf(country: string, paidCents: number): number {
  if (country === 'Canada') return paidCents >= 7500 ? 0 : 995;
  return country === 'United States' ? 1495 : 2995;
}

interface Customer {
  readonly name: string;
  readonly home: City;
}

/** Who a customer is depends on the seed and the id only, so that every batch agrees. */
function customerOf(seed: number, customerId: number): Customer {
  const random = randomOf(seed, customerStream, customerId);
  const given = givenNames[pickIndex(random, givenNames.length)];
  const family = familyNames[pickIndex(random, familyNames.length)];
  const home = cities[pickWeighted(random, cityTotals)];
  if (!home) throw new Error('there are no cities');
  return { name: `${given} ${family}`, home };
}

/** `12.05` for 1205. */
export function decimalText(cents: number): string {
  return `${Math.trunc(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
}
