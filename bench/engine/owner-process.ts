// As a process: the owner of a ledger, with a run of one asset whose step never ends.
//
//   node --conditions=@millrace/source owner-process.ts <path of an SQLite ledger, or URL> <schema> <lease seconds>
//
// Prints a line when the step has begun.

import { createEngine, makePlan } from '../../src/engine/index.ts';
import { openSqliteLedger } from '../../src/store/index.ts';
import { openPostgresLedger } from '../../src/store/postgres/ledger.ts';
import { assets, load } from './graphs.ts';

const [place = '', schema = '', leaseSeconds = '30'] = process.argv.slice(2);
const isPostgres = place.startsWith('postgres');
const store = await (isPostgres ? openPostgresLedger(place, { schema }) : openSqliteLedger(place));
const definitions = load(assets(1, 'wide'));
const engine = createEngine({
  store,
  executors: [
    {
      name: 'no-op',
      execute: () => {
        process.stdout.write('begun\n');
        return new Promise(() => undefined);
      },
    },
  ],
  definitions: () => ({ ...definitions, schedules: [] }),
  leaseSeconds: Number(leaseSeconds),
});
await engine.enqueue(makePlan(definitions.graph, definitions), { kind: 'code' });
await engine.start();
