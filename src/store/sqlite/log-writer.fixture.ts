import { writeSync } from 'node:fs';
import { openSqliteLedger } from './ledger.ts';

const store = await openSqliteLedger(process.argv[2] ?? '');
const retry = { maxAttempts: 1, delaySeconds: 1, maxDelaySeconds: 1 };
const step = {
  key: 'a',
  kind: 'asset',
  type: 'table',
  executor: 'x',
  dependsOn: [],
  locks: [],
  retry,
} as const;
const plan = { selection: '', manifestHash: '', steps: [step], options: { fullRefresh: false } };
await store.createRun({ id: 'r', plan, trigger: { kind: 'code' }, createdAtMs: 0 });
const lease = await store.claimRun({
  runId: 'r',
  owner: 'me',
  expectedEpoch: 0,
  atMs: 0,
  expiresAtMs: 1e15,
  resetReason: '',
});
if (!lease) throw new Error('The run could not be claimed');
for (let line = 1; ; line += 1) {
  void store.appendLog(lease, { step: 'a', attempt: 1, level: 'info', message: `line ${line}`, atMs: 0 });
  writeSync(1, `${line}\n`);
}
