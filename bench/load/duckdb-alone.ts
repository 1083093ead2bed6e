// What DuckDB needs by itself: runs statements on a database file, and ends.
//
//   node bench/load/duckdb-alone.ts warehouse.duckdb "create table ..." "insert into ..."

import { DuckDBInstance } from '@duckdb/node-api';

const [path = ':memory:', ...statements] = process.argv.slice(2);
const instance = await DuckDBInstance.create(path);
const connection = await instance.connect();
for (const sql of statements) await connection.run(sql);
connection.closeSync();
instance.closeSync();
