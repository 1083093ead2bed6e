import { DatabaseSync } from 'node:sqlite';

export const regions = ['eu', 'us', 'jp'] as const;
type Region = (typeof regions)[number];

/** What is not the same everywhere: Europe writes down the tax, Japan has no cents, and its columns in another order. */
const schemas: Readonly<Record<Region, string>> = {
  eu: `create table orders (id integer primary key, email text, amount integer, vat integer);
    insert into orders values (1, 'Ada@Example.eu', 1200, 228), (2, 'bo@example.eu', 450, 85), (3, 'ADA@example.eu', 300, 57);`,
  us: `create table orders (id integer primary key, email text, amount integer);
    insert into orders values (1, 'cy@example.com', 999), (2, 'dee@example.com', 2500);`,
  jp: `create table orders (amount integer, id integer primary key, email text);
    insert into orders values (4000, 1, 'eri@example.jp'), (700, 2, null);`,
};

/** Makes the database of a region's shop; one that is there already stays as it is. */
export function openShop(file: string, region: Region): void {
  const database = new DatabaseSync(file);
  const isThere = database.prepare("select 1 from sqlite_master where name = 'orders'").get() !== undefined;
  if (!isThere) database.exec(`begin; ${schemas[region]} commit;`);
  database.close();
}
