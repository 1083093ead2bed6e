import { hash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeRunStore } from '../run-store-suite.fixture.ts';
import { openDatabase } from './database.ts';
import { openSqliteLedger } from './ledger.ts';
import { applicationId, migrations } from './migration.ts';

/** Of each migration that somebody's ledger went through: one that is changed leaves that ledger behind. */
const released: readonly string[] = [
  'fdc4e527bab7',
  'b07b913caabc',
  '4d66141fd1a5',
  'a111f004300c',
  'df113d4ac405',
  'e79a57ea2359',
  'd99738d3f9b2',
  '88e2e97bbec9',
];

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-ledger-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describeRunStore('the SQLite ledger', async () => {
  const path = join(folder, 'state', 'ledger.db');
  return { store: await openSqliteLedger(path), reopen: () => openSqliteLedger(path) };
});

describe('the file', () => {
  const path = (): string => join(folder, 'ledger.db');

  it('is migrated once and opened again', async () => {
    await (await openSqliteLedger(path())).close();
    const again = await openSqliteLedger(path());
    expect(await again.listRuns({ limit: 1 })).toEqual([]);
    await again.close();
    const raw = new DatabaseSync(path());
    expect(raw.prepare('PRAGMA user_version').get()).toEqual({ user_version: migrations.length });
    expect(raw.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
    raw.close();
  });

  it.each(migrations.keys().drop(1).toArray())(
    'of version %i is brought forward with what it holds',
    async (version) => {
      const raw = new DatabaseSync(path());
      for (const migration of migrations.slice(0, version)) raw.exec(migration);
      raw.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${version}`);
      const plan = { selection: 'all', manifestHash: 'h', steps: [], options: { fullRefresh: false } };
      const planText = JSON.stringify(plan);
      if (version >= 4) raw.prepare(`INSERT INTO plans VALUES ('digest', ?, 1)`).run(planText);
      raw
        .prepare(
          `INSERT INTO runs (id, state, ${version >= 4 ? 'plan_digest' : 'plan'}, selection, "trigger", created_at_ms)
         VALUES (?, 'queued', ?, 'all', '{"kind":"code"}', 1)`,
        )
        .run('old', version >= 4 ? 'digest' : planText);
      raw.exec(
        `INSERT INTO events (run_id, at_ms, type, detail) VALUES ('old', 1, 'run_state', '{"state":"queued"}')`,
      );
      raw.close();
      const again = await openSqliteLedger(path());
      expect(await again.findRun('old')).toMatchObject({ id: 'old', plan });
      expect(await again.events({ runId: 'old', afterSequence: 0, limit: 9 })).toHaveLength(1);
      await again.createRun({ id: 'new', plan, trigger: { kind: 'code' }, createdAtMs: 2, enqueuedBy: 'me' });
      expect((await again.openRuns()).map(({ id, enqueuedBy }) => [id, enqueuedBy])).toEqual([
        ['old', undefined],
        ['new', 'me'],
      ]);
      await again.close();
    },
  );

  it('is brought forward by what was released, unchanged', () => {
    const digests = migrations.slice(0, released.length).map((text) => hash('sha256', text).slice(0, 12));
    expect(digests).toEqual(released);
  });

  it('of a newer release is refused', async () => {
    const raw = new DatabaseSync(path());
    raw.exec('PRAGMA user_version = 99');
    raw.close();
    await expect(openSqliteLedger(path())).rejects.toMatchObject({ code: 'ledger_newer', kind: 'fatal' });
  });

  it('of another program is refused and left alone', async () => {
    const raw = new DatabaseSync(path());
    raw.exec('CREATE TABLE books (title TEXT)');
    raw.close();
    await expect(openSqliteLedger(path())).rejects.toMatchObject({ code: 'ledger_foreign' });
  });

  it('that is no database is refused', async () => {
    writeFileSync(path(), 'not a database, but long enough to be read as a header of one'.repeat(20));
    await expect(openSqliteLedger(path())).rejects.toMatchObject({ code: 'ledger_corrupt' });
  });

  it('in a place where a file is in the way is refused', async () => {
    writeFileSync(path(), '');
    await expect(openSqliteLedger(join(path(), 'ledger.db'))).rejects.toMatchObject({
      code: 'ledger_unreadable',
      next: 'Check that its folder exists and may be written.',
    });
  });

  it('on a full disk gives one clear error and loses nothing that was written', async () => {
    const database = openDatabase(path());
    const insert = (text: string): number =>
      database.write(() =>
        database.run('INSERT INTO ticks (schedule, nominal_at_ms, at_ms) VALUES (?, 1, 1)', text),
      );
    insert('small');
    const pages = database.get('PRAGMA page_count');
    database.get(`PRAGMA max_page_count = ${Number(pages?.['page_count'])}`);
    expect(() => insert('x'.repeat(100_000))).toThrow(
      expect.objectContaining({
        code: 'ledger_full',
        kind: 'fatal',
        state: expect.stringContaining('is safe'),
      }),
    );
    database.get('PRAGMA max_page_count = 100000');
    insert('after');
    expect(database.all('SELECT schedule FROM ticks')).toHaveLength(2);
    database.close();
  });

  it('holds every log line that was written before a kill', async () => {
    const writer = fileURLToPath(new URL('./log-writer.fixture.ts', import.meta.url));
    const child = spawn(process.execPath, ['--conditions=@millrace/source', writer, path()], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let reported = 0;
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (data: Buffer) => {
        reported = Number(data.toString().trim().split('\n').at(-1));
        if (reported >= 200 && !child.killed) child.kill('SIGKILL');
      });
      child.on('close', () => resolve());
    });
    const store = await openSqliteLedger(path());
    const lines = await store.events({ types: ['step_log'], afterSequence: 0, limit: 1_000_000 });
    await store.close();
    expect(child.signalCode).toBe('SIGKILL');
    expect(lines.length).toBeGreaterThanOrEqual(reported);
    expect(lines.map((line) => (line.type === 'step_log' ? line.message : ''))).toEqual(
      lines.map((_, index) => `line ${index + 1}`),
    );
  });
});
