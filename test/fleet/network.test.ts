import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { makeFleet, politeTask, stubbornTask, timesOf, workersOf, type Fleet } from '../support/fleet.ts';
import { hostsMissing, makeHost, type NetworkHost } from '../support/network-host.ts';
import { forTests, makePostgres, type OwnPostgres } from '../support/own-postgres.ts';

const reason = await hostsMissing();

describe.skipIf(reason !== undefined)(
  `workers on hosts of their own${reason ? ` (skipped: ${reason})` : ''}`,
  () => {
    let server: OwnPostgres;
    let fleet: Fleet | undefined;
    let schemas = 0;
    const hosts: NetworkHost[] = [];

    beforeAll(async () => {
      server = await makePostgres('network', [...forTests, '-c', 'listen_addresses=*']);
      await appendFile(join(server.data, 'pg_hba.conf'), '\nhost all all 10.231.0.0/16 password\n');
      await server.start();
      hosts.push(await makeHost(1), await makeHost(2));
    });
    afterEach(async () => {
      for (const host of hosts) await host.rejoin();
      await fleet?.close();
      fleet = undefined;
    });
    afterAll(async () => {
      for (const host of hosts) await host.remove();
      await server.remove();
    });

    async function open(tasks: readonly string[]): Promise<Fleet> {
      schemas += 1;
      fleet = await makeFleet(`${server.url}?schema=network_${schemas}`, tasks);
      await fleet.serve();
      return fleet;
    }

    function host(number: number): NetworkHost {
      const found = hosts[number];
      if (!found) throw new Error('there are two hosts');
      return found;
    }

    test('the step of a host that is cut off is done on another, and the first works on when it is back', async () => {
      const all = await open([stubbornTask('slow', 2), politeTask('later', 0, "after: ['task/slow'],")]);
      const cutOff = await all.workerOn(host(0));
      const id = await all.enqueue();
      await all.seen('begin slow');
      await host(0).cut();
      const other = await all.workerOn(host(1));
      expect((await all.finished(id)).state).toBe('succeeded');
      expect(workersOf(await all.events(id), 'task/slow')).toEqual([cutOff.name, other.name]);

      await host(0).rejoin();
      while (
        !(await all.store.dispatch?.workers())?.some(({ owner, isAlive }) => owner === cutOff.name && isAlive)
      )
        await sleep(50);
      expect(timesOf(await all.events(id), 'task/slow')).toEqual({ began: 2, succeeded: 1 });
      other.child.kill('SIGTERM');
      await other.result;
      const again = await all.enqueue('task/later');
      expect((await all.finished(again)).state).toBe('succeeded');
      expect(workersOf(await all.events(again), 'task/later')).toEqual([cutOff.name]);
    });

    test('a host that is gone for good is missed when its lease is over', async () => {
      const all = await open([stubbornTask('slow', 2)]);
      const gone = await all.workerOn(host(0));
      const id = await all.enqueue();
      await all.seen('begin slow');
      await host(0).cut();
      gone.child.kill('SIGKILL');
      const next = await all.workerOn(host(1));
      expect((await all.finished(id)).state).toBe('succeeded');
      expect(workersOf(await all.events(id), 'task/slow')).toEqual([gone.name, next.name]);
    });

    test('all hosts wait for a database that fails over, and no step that has ended is repeated', async () => {
      const keys = ['a', 'b', 'c', 'd'];
      const all = await open(
        keys.map((key, index) =>
          politeTask(key, 1, index === 0 ? '' : `after: ['task/${keys[index - 1]}'],`),
        ),
      );
      await all.workerOn(host(0));
      await all.workerOn(host(1));
      const id = await all.enqueue();
      await all.seen('begin b');
      await server.stop();
      await sleep(2000);
      await server.start();
      expect((await all.finished(id)).state).toBe('succeeded');
      const said = await all.events(id);
      for (const key of keys) expect(timesOf(said, `task/${key}`).succeeded).toBe(1);
      expect((await all.calls()).filter((line) => line.startsWith('end'))).toEqual(
        keys.map((key) => `end ${key}`),
      );
    });
  },
);
