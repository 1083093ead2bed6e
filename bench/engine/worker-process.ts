// As a process: a worker for a run of no-op assets.
//
//   node --conditions=@millrace/source worker-process.ts <ledger URL> <schema> wide|chain <assets> [lease seconds] [hold]
//
// With `hold` no step of it ever ends.

import { startWorker } from '../../src/engine/index.ts';
import { openPostgresLedger } from '../../src/store/postgres/ledger.ts';
import type { Executor } from '../../src/core/executor.ts';
import { assets, load, noOp, type Shape } from './graphs.ts';

const [url = '', schema = '', shape = 'wide', count = '1', leaseSeconds = '30', mode = ''] =
  process.argv.slice(2);
const definitions = load(assets(Number(count), shape as Shape));
const holding: Executor = { name: noOp.name, execute: () => new Promise(() => undefined) };
const store = await openPostgresLedger(url, { schema });
const worker = await startWorker({
  store,
  executors: [mode === 'hold' ? holding : noOp],
  definitions: () => ({ ...definitions, schedules: [] }),
  takes: [],
  leaseSeconds: Number(leaseSeconds),
  onTrouble: (message) => process.stderr.write(`${message}\n`),
});
process.stdout.write(`${worker.owner}\n`);
await new Promise((resolve) => process.once('SIGTERM', resolve));
await worker.drain(10);
await store.close();
