// The floor of merge.ts: the changed rows of a Parquet file replace those of a DuckDB table, as one would write it by hand.
//
//   node bench/load/merge-by-hand.ts warehouse.duckdb changes.parquet

import { DuckDBInstance } from '@duckdb/node-api';

const [warehouse = '', changes = ''] = process.argv.slice(2);
const instance = await DuckDBInstance.create(warehouse);
const connection = await instance.connect();
await connection.run('begin');
await connection.run(
  `create temporary table changes as from read_parquet('${changes.replaceAll("'", "''")}')`,
);
await connection.run('delete from main.wide using changes where wide.id = changes.id');
await connection.run('insert into main.wide select * from changes');
await connection.run('commit');
connection.closeSync();
instance.closeSync();
