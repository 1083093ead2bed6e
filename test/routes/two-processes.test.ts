import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startMillrace, type RunningCommand } from '../support/millrace-command.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres-database.ts';

const rows = 400_000;

/** Two commands that load the same stream into the same table of a SQLite file, where a row is the lease. */
describe('two processes and one table', () => {
  let folder: string;
  let shop: TestDatabase;
  let file: DatabaseSync;
  const running: RunningCommand[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millrace-two-'));
    shop = await createTestDatabase();
    await shop.query(
      `create table orders as select i as id, md5(i::text) as note from generate_series(1, ${rows}) i`,
    );
    // Each has a folder, and so a ledger, of its own: what keeps them apart is in the target.
    for (const place of ['one', 'two']) {
      await mkdir(join(folder, place));
      await writeFile(
        join(folder, place, 'connections.yaml'),
        `connections:\n  SHOP: '${shop.url}'\n  LITE: { type: sqlite, path: '${join(folder, 'target.db')}' }\n`,
      );
      await writeFile(
        join(folder, place, 'r.yaml'),
        'source: SHOP\ntarget: LITE\nstreams: { orders: { object: orders, mode: full-refresh } }\n',
      );
    }
    file = new DatabaseSync(join(folder, 'target.db'));
  });
  afterEach(async () => {
    for (const { child } of running.splice(0)) child.kill('SIGKILL');
    file.close();
    await shop.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const load = (place: 'one' | 'two'): RunningCommand => {
    const command = startMillrace(['run', '-r', 'r.yaml'], { cwd: join(folder, place) });
    running.push(command);
    return command;
  };
  const owners = (): readonly string[] => {
    try {
      return file
        .prepare('select owner from _millrace_leases')
        .all()
        .map(({ owner }) => String(owner));
    } catch {
      return [];
    }
  };
  const held = (): Promise<void> => expect.poll(owners, { timeout: 30_000 }).toHaveLength(1);
  const loaded = (): unknown =>
    file.prepare('select count(*) as n, count(distinct id) as ids, max(note) as note from orders').get();

  test('take turns', async () => {
    const first = load('one');
    await held();
    first.child.kill('SIGSTOP');
    const second = load('two');
    let said = '';
    second.child.stderr?.on('data', (text) => (said += String(text)));
    await expect
      .poll(() => said, { timeout: 30_000 })
      .toMatch(/orders is being loaded by process \d+ at .*: waiting/);
    first.child.kill('SIGCONT');
    const ends = [await first.result, await second.result];
    expect(ends.map(({ code }) => code)).toEqual([0, 0]);
    expect(loaded()).toMatchObject({ n: rows, ids: rows });
    expect(owners()).toEqual([]);
  }, 120_000);

  test('one that is killed holds nothing, and leaves nothing', async () => {
    const first = load('one');
    await held();
    first.child.kill('SIGKILL');
    await first.result;
    expect(owners()).toHaveLength(1);
    const second = await load('two').result;
    expect(second.code, second.stderr).toBe(0);
    expect(second.stderr).not.toContain('waiting');
    expect(loaded()).toMatchObject({ n: rows, ids: rows });
    const tables = file.prepare("select name from sqlite_master where type = 'table' order by 1").all();
    expect(tables.map(({ name }) => name)).toEqual(['_millrace_leases', '_millrace_watermarks', 'orders']);
    expect(owners()).toEqual([]);
  }, 120_000);
});
