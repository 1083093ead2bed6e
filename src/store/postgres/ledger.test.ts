import { hash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../../test/support/postgres-database.ts';
import type { RunLease } from '../../core/ledger.ts';
import type { Plan } from '../../core/plan.ts';
import type { LedgerChange, RunStore } from '../../core/ports.ts';
import { describeRunStore } from '../run-store-suite.fixture.ts';
import { openLedger } from '../ledger.ts';
import { openPostgresLedger } from './ledger.ts';
import { migrations } from './migration.ts';
import { startLossyProxy, type LossyProxy } from './lossy-proxy.fixture.ts';

/** Of each migration that somebody's ledger went through: one that is changed leaves that ledger behind. */
const released: readonly string[] = [
  'b64b80a3255c',
  '579e23648ff4',
  'c5f1c2ede3c1',
  'd05fcce6293b',
  'd5b033762bdf',
];

let database: TestDatabase;
let schemas = 0;
let schema: string;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  schemas += 1;
  schema = `ledger_${schemas}`;
});

describeRunStore(
  'the PostgreSQL ledger',
  async () => {
    const open = (): Promise<RunStore> => openPostgresLedger(database.url, { schema });
    return { store: await open(), reopen: open };
  },
  40,
);

const opened: RunStore[] = [];
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

async function open(url: string = database.url, patienceSeconds = 10): Promise<RunStore> {
  const store = await openPostgresLedger(url, { schema, patienceSeconds });
  opened.push(store);
  return store;
}

const retry = { maxAttempts: 1, delaySeconds: 1, maxDelaySeconds: 1 };
const step = { key: 'a', kind: 'asset', type: 't', executor: 'x', dependsOn: [], locks: [], retry } as const;
const plan: Plan = { selection: '', manifestHash: '', steps: [step], options: { fullRefresh: false } };

async function runningRun(store: RunStore, id: string): Promise<RunLease> {
  await store.createRun({ id, plan, trigger: { kind: 'code' }, createdAtMs: 0 });
  const claim = { runId: id, owner: 'me', expectedEpoch: 0, atMs: 0, expiresAtMs: 1e15, resetReason: '' };
  const lease = await store.claimRun(claim);
  if (!lease) throw new Error('The run could not be claimed');
  await store.moveRun(lease, { to: 'running', atMs: 1 });
  return lease;
}

function logLine(message: string): Parameters<RunStore['appendLog']>[1] {
  return { step: 'a', attempt: 1, level: 'info', message, atMs: 0 };
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('the schema', () => {
  it('is made once, whoever comes first, and opened again', async () => {
    const stores = await Promise.all([open(), open(), open()]);
    for (const store of stores) expect(await store.listRuns({ limit: 1 })).toEqual([]);
    expect(await database.query(`SELECT version FROM ${schema}.ledger_version`)).toEqual([
      { version: migrations.length },
    ]);
  });

  it.each(migrations.keys().drop(1).toArray())(
    'of version %i is brought forward with what it holds',
    async (version) => {
      const old = `CREATE SCHEMA ${schema}; SET LOCAL search_path = ${schema}; ${migrations.slice(0, version).join(';')};
      CREATE TABLE ledger_version (version integer NOT NULL); INSERT INTO ledger_version VALUES (${version});
      INSERT INTO plans VALUES ('digest', '${JSON.stringify(plan)}', 1);
      INSERT INTO runs (id, state, plan_digest, selection, "trigger", created_at_ms)
        VALUES ('old', 'queued', 'digest', '', '{"kind":"code"}', 1);
      INSERT INTO steps (run_id, key, position, state) VALUES ('old', 'a', 0, 'pending')`;
      await database.query(old);
      const store = await open();
      const kept = { id: 'old', plan, steps: [{ key: 'a', state: 'pending' }] };
      expect(await store.findRun('old')).toMatchObject(kept);
      const lease = await runningRun(store, 'new');
      await store.startStep(lease, { step: 'a', attempt: 1, atMs: 2, locks: [] });
      expect(await store.latestCompletions()).toEqual([]);
    },
  );

  it('is brought forward by what was released, unchanged', () => {
    const digests = migrations.slice(0, released.length).map((text) => hash('sha256', text).slice(0, 12));
    expect(digests).toEqual(released);
  });

  it('of a newer release is refused', async () => {
    await open();
    await database.query(`UPDATE ${schema}.ledger_version SET version = 99`);
    await expect(open()).rejects.toMatchObject({ code: 'ledger_newer', kind: 'fatal' });
  });

  it('of somebody else is refused and left alone', async () => {
    await database.query(`CREATE SCHEMA ${schema}`);
    await database.query(`CREATE TABLE ${schema}.books (title text)`);
    await expect(open()).rejects.toMatchObject({ code: 'ledger_foreign' });
    expect(await database.query(`SELECT * FROM ${schema}.books`)).toEqual([]);
  });

  it('is named in the URL when projects share a database', async () => {
    const url = new URL(database.url);
    url.searchParams.set('schema', 'shop_ledger');
    await open(url.href);
    expect(await database.query('SELECT version FROM shop_ledger.ledger_version')).toHaveLength(1);
  });

  it('with a name that would need quotes is refused', async () => {
    const bad = openPostgresLedger(database.url, { schema: 'My Ledger; drop' });
    await expect(bad).rejects.toMatchObject({ code: 'ledger_schema_invalid' });
  });
});

describe('an address that does not work is one clear error without the password:', () => {
  const wrong = (change: (url: URL) => void): string => {
    const url = new URL(database.url);
    change(url);
    return url.href;
  };
  it.each([
    ['nothing listens there', (url: URL) => (url.port = '1'), 'ledger_unreachable'],
    ['the password is wrong', (url: URL) => (url.password = 'hush-hush'), 'ledger_login_failed'],
    ['the database is missing', (url: URL) => (url.pathname = '/nowhere'), 'ledger_database_missing'],
    ['it must be TLS and is not', (url: URL) => (url.search = '?sslmode=require'), 'ledger_tls_failed'],
  ])('%s', async (_, change, code) => {
    const url = wrong(change);
    const error: unknown = await open(url).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain(`:${new URL(url).password}`);
  });

  it.each(['postgres://me:hush-hush@[', 'mysql://me:hush-hush@host/db'])(
    'it is no URL for it: %s',
    async (url) => {
      const error: unknown = await openLedger(url).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'ledger_url_invalid', kind: 'config' });
      expect(String(error)).not.toContain('hush-hush');
    },
  );
});

describe('events', () => {
  it('of many writers are never seen out of order, so that who reads on misses none', async () => {
    const stores = await Promise.all([open(), open(), open()]);
    const leases = await Promise.all(stores.map((store, index) => runningRun(store, `r${index}`)));
    const reader = await open();
    let isOver = false;
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      for (let isLast = false; !isLast;) {
        isLast = isOver;
        const events = await reader.events({ afterSequence: seen.at(-1) ?? 0, limit: 50 });
        seen.push(...events.map((event) => event.sequence));
        if (events.length > 0) isLast = false;
      }
    };
    const reading = read();
    const writing = stores.map(async (store, index) => {
      const lease = leases[index];
      if (!lease) return;
      for (let line = 0; line < 60; line += 1) await store.appendLog(lease, logLine(`${line}`));
    });
    await Promise.all(writing);
    isOver = true;
    await reading;
    const [{ count } = { count: 0 }] = await database.query(`SELECT count(*)::int FROM ${schema}.events`);
    expect(seen).toHaveLength(Number(count));
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });

  it('of a step keep the order in which they were logged', async () => {
    const store = await open();
    const lease = await runningRun(store, 'r');
    const messages = Array.from({ length: 300 }, (_, index) => `line ${index}`);
    await Promise.all(messages.map((message) => store.appendLog(lease, logLine(message))));
    const lines = await store.events({ types: ['step_log'], afterSequence: 0, limit: 1000 });
    expect(lines.map((line) => (line.type === 'step_log' ? line.message : ''))).toEqual(messages);
  });

  it('hold any text', async () => {
    const store = await open();
    const lease = await runningRun(store, 'r');
    const message = 'NUL \0, quote \', "json", emoji 🛶, lone \ud800';
    await store.appendLog(lease, logLine(message));
    const [line] = await store.events({ types: ['step_log'], afterSequence: 0, limit: 1 });
    expect(line).toMatchObject({ message });
  });
});

describe('locks', () => {
  it('wanted by many at once go to one of them, all or none', async () => {
    const stores = await Promise.all([open(), open(), open(), open()]);
    const leases = await Promise.all(stores.map((store, index) => runningRun(store, `r${index}`)));
    const results = await Promise.all(
      stores.map((store, index) => {
        const locks = index % 2 === 0 ? ['x', 'y', 'z'] : ['z', 'y', 'x'];
        const lease = leases[index];
        if (!lease) throw new Error('no lease');
        return store.startStep(lease, { step: 'a', attempt: 1, atMs: 5, locks });
      }),
    );
    expect(results.filter((holders) => holders.length === 0)).toHaveLength(1);
    const rows = await database.query(`SELECT DISTINCT run_id FROM ${schema}.locks`);
    expect(rows).toHaveLength(1);
  });
});

describe('a lost connection', () => {
  let proxy: LossyProxy;
  beforeEach(async () => {
    proxy = await startLossyProxy(database.url);
  });
  afterEach(() => proxy.close());

  it.each(['before', 'after'] as const)('%s the commit: the write happens exactly once', async (when) => {
    const store = await open(proxy.url);
    const lease = await runningRun(store, 'r');
    proxy.cutNextCommit(when);
    expect(await store.startStep(lease, { step: 'a', attempt: 1, atMs: 2, locks: ['a'] })).toEqual([]);
    proxy.cutNextCommit(when);
    await store.moveSteps(lease, [
      { step: 'a', to: 'succeeded', attempt: 1, atMs: 3, outcome: { metadata: {} } },
    ]);
    proxy.cutNextCommit(when);
    await store.appendLog(lease, logLine('once'));
    proxy.cutNextCommit(when);
    await store.moveRun(lease, { to: 'succeeded', atMs: 4 });
    const events = await store.events({ runId: 'r', afterSequence: 0, limit: 100 });
    expect(events.map((event) => ('state' in event ? event.state : event.type))).toEqual([
      'queued',
      'lease_taken',
      'running',
      'running',
      'succeeded',
      'step_log',
      'succeeded',
    ]);
    expect(await store.completionHistory('a', 10)).toHaveLength(1);
  });

  it('is waited for, and told when it takes too long', async () => {
    const store = await open(proxy.url);
    const lease = await runningRun(store, 'r');
    proxy.cutOff();
    const write = store.appendLog(lease, logLine('late'));
    setTimeout(() => proxy.restore(), 100);
    await write;
    expect(await store.events({ types: ['step_log'], afterSequence: 0, limit: 9 })).toHaveLength(1);

    const hasty = await open(proxy.url, 0.1);
    proxy.cutOff();
    await expect(hasty.listRuns({ limit: 1 })).rejects.toMatchObject({
      code: 'ledger_unreachable',
      kind: 'transient',
    });
    proxy.restore();
    expect(await hasty.listRuns({ limit: 1 })).toHaveLength(1);
  });

  it('does not end the news of what others write', async () => {
    const other = await open();
    const store = await open(proxy.url);
    const changes: LedgerChange[] = [];
    store.onChange?.((change) => changes.push(change));
    await until(() => changes.length > 0);
    proxy.cutOff();
    await runningRun(other, 'r1');
    const before = changes.length;
    proxy.restore();
    await until(() => changes.length > before);
    const reconnected = changes.length;
    await runningRun(other, 'r2');
    await until(() => changes.length > reconnected);
    expect(changes).toContain('steps');
  });
});

describe('news', () => {
  it('come of what others write, not of what oneself does', async () => {
    const [store, other] = await Promise.all([open(), open()]);
    const changes: LedgerChange[] = [];
    const stop = store.onChange?.((change) => changes.push(change));
    await until(() => changes.length === 1);
    const lease = await runningRun(store, 'mine');
    await store.appendLog(lease, logLine('mine'));
    await runningRun(other, 'theirs');
    await until(() => changes.length >= 4);
    expect(changes.slice(1)).toEqual(['runs', 'steps', 'runs']);
    stop?.();
    await runningRun(other, 'unheard');
    expect(changes).toHaveLength(4);
  });
});

it('deletes a long history in portions', async () => {
  const store = await open();
  await database.query(`INSERT INTO ${schema}.plans VALUES ('p', '{}', 1)`);
  await database.query(
    `INSERT INTO ${schema}.runs (id, state, plan_digest, selection, "trigger", created_at_ms, finished_at_ms)
     SELECT 'r' || n, 'succeeded', 'p', '', '{}', n, n FROM generate_series(1, 350) AS n`,
  );
  await database.query(
    `INSERT INTO ${schema}.completions (key, run_id, finished_at_ms, duration_ms, outcome)
     SELECT 'a', 'r' || n, n, 1, '{}' FROM generate_series(1, 12000) AS n`,
  );
  expect(await store.deleteRunsFinishedBefore(301)).toBe(300);
  const [left] = await database.query(`SELECT count(*)::int FROM ${schema}.completions`);
  expect(left).toEqual({ count: 11_700 });
});
