// The floor of idle.ts: opens a PostgreSQL connection and a DuckDB file, asks each something, and closes them.
//
//   node bench/load/connect-alone.ts postgres://... warehouse.duckdb

import { DuckDBInstance } from '@duckdb/node-api';
import { Client } from 'pg';

const [url = '', warehouse = ''] = process.argv.slice(2);
const client = new Client(url);
await client.connect();
await client.query('select 1');
const instance = await DuckDBInstance.create(warehouse);
const connection = await instance.connect();
await connection.run('select 1');
connection.closeSync();
instance.closeSync();
await client.end();
