// What reading a table by node:sqlite needs, row by row, without doing anything with the rows.
//
//   node bench/load/sqlite-alone.ts shop.db wide

import { DatabaseSync } from 'node:sqlite';

const [path = '', table = ''] = process.argv.slice(2);
const database = new DatabaseSync(path, { readOnly: true });
let rows = 0;
for (const _ of database.prepare(`select * from "${table}"`).iterate()) rows += 1;
process.stdout.write(`${rows} rows\n`);
