// As a process: a worker for a run of no-op assets.
//
//   node --conditions=@millrace/source worker-process.ts <ledger URL> <schema> wide|chain [lease seconds]

import { startWorker } from '../../src/engine/index.ts';
import { openPostgresLedger } from '../../src/store/postgres/ledger.ts';
import { assetCount, assets, load, noOp, type Shape } from './graphs.ts';

const [url = '', schema = '', shape = 'wide', leaseSeconds = '30'] = process.argv.slice(2);
const definitions = load(assets(assetCount, shape as Shape));
const store = await openPostgresLedger(url, { schema });
const worker = await startWorker({
  store,
  executors: [noOp],
  definitions: () => ({ ...definitions, schedules: [] }),
  takes: [],
  leaseSeconds: Number(leaseSeconds),
  onTrouble: (message) => process.stderr.write(`${message}\n`),
});
process.stdout.write(`${worker.owner}\n`);
await new Promise((resolve) => process.once('SIGTERM', resolve));
await worker.drain(10);
await store.close();
