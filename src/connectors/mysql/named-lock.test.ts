import { afterAll, describe, expect, test } from 'vitest';
import { startMariaDb } from '../../../test/support/mariadb-server.ts';
import { mysqlConnector } from './index.ts';

const found = await startMariaDb();
const skip = 'skip' in found;
if (skip) process.stdout.write(`locks of MariaDB are skipped: ${found.reason}\n`);

describe.skipIf(skip)('locks of MariaDB', () => {
  const server = found as Exclude<typeof found, { skip: true }>;
  const open = (name: string) =>
    mysqlConnector.open(mysqlConnector.config.parse(mysqlConnector.parseUrl(server.url)), {
      name,
      projectFolder: '/',
      temporaryFolder: '/tmp',
      memoryBudgetBytes: 1e7,
    });
  afterAll(() => server.stop());

  test('one holder at a time, until it lets go or its session ends', async () => {
    const [one, other] = [await open('ONE'), await open('OTHER')];
    const first = await one.database!.lock!('orders');
    expect(first).toHaveProperty('lock');
    expect(await other.database!.lock!('orders')).toMatchObject({
      holder: expect.stringMatching(/^session \d+/),
    });
    const beside = await other.database!.lock!('customers');
    if (!('lock' in first) || !('lock' in beside)) throw new Error('expected locks');
    await first.lock.release();
    await expect.poll(async () => 'lock' in (await other.database!.lock!('orders'))).toBe(true);

    for (const [id] of await server.rows(
      `select id from information_schema.processlist where id <> connection_id() and user not in ('system user', 'event_scheduler')`,
    ))
      await server.run(`kill ${String(id)}`);
    await expect.poll(() => beside.lock.isHeld()).toBe(false);
    await one.close();
    await other.close();
  });
});
