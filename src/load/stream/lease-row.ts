import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { LockAttempt, SqlDatabase } from '../../connector/connection.ts';
import { bookkeepingTable } from './bookkeeping.ts';
import { ensureSchema } from './stage-table.ts';

/** Holders of another machine that have not been heard of for so long are taken to be gone. */
const expirySeconds = 300;
const heartbeatSeconds = 30;

/** Tells this process from one that had its number before. */
const processToken = randomUUID().slice(0, 8);

/** Takes a lease by a row of its own, in systems without locks that end with their session. */
export async function takeLeaseRow(database: SqlDatabase, name: string): Promise<LockAttempt> {
  const { dialect } = database;
  const table = dialect.quoteTable(bookkeepingTable(dialect, 'leases'));
  await prepareTable(database);
  const owner = [hostname(), process.pid, processToken, randomUUID().slice(0, 8)].join(' ');
  const [p1, p2, p3] = [1, 2, 3].map((index) => dialect.parameter(index));
  const { rows } = await database.query(`select owner, seen_at from ${table} where name = ${p1}`, [name]);
  for (const [holder, seenAt] of rows) {
    if (!isGone(String(holder), String(seenAt))) return { holder: spoken(String(holder)) };
    await database.execute(`delete from ${table} where name = ${p1} and owner = ${p2}`, [name, holder]);
  }
  try {
    await database.execute(`insert into ${table} (name, owner, seen_at) values (${p1}, ${p2}, ${p3})`, [
      name,
      owner,
      new Date().toISOString(),
    ]);
  } catch (error) {
    const others = await database.query(`select owner from ${table} where name = ${p1}`, [name]);
    const holder = others.rows[0]?.[0];
    if (typeof holder !== 'string') throw error;
    return { holder: spoken(holder) };
  }
  let held = true;
  const heartbeat = setInterval(() => {
    const values = [new Date().toISOString(), name, owner];
    const beat = `update ${table} set seen_at = ${p1} where name = ${p2} and owner = ${p3}`;
    const told = database.execute(beat, values).then((rows) => {
      // Another took it, because nothing was heard of this process for long.
      if (rows === 0) held = false;
    });
    // One that fails is followed by the next.
    told.catch(() => undefined);
  }, heartbeatSeconds * 1000);
  heartbeat.unref();
  return {
    lock: {
      isHeld: () => held,
      release: async () => {
        held = false;
        clearInterval(heartbeat);
        await database
          .execute(`delete from ${table} where name = ${p1} and owner = ${p2}`, [name, owner])
          .catch(() => undefined);
      },
    },
  };
}

async function prepareTable(database: SqlDatabase): Promise<void> {
  const { dialect } = database;
  const leaseTable = bookkeepingTable(dialect, 'leases');
  if (await database.describe(leaseTable)) return;
  await ensureSchema(database, leaseTable.schema);
  const text = dialect.typeName({ type: 'text', maxLength: 255 });
  try {
    await database.execute(
      `create table if not exists ${dialect.quoteTable(leaseTable)} (name ${text} not null primary key, owner ${text} not null, seen_at ${text} not null)`,
    );
  } catch (error) {
    if (!(await database.describe(leaseTable))) throw error;
  }
}

function isGone(holder: string, seenAt: string): boolean {
  const [host, pid, token] = holder.split(' ');
  const age = (Date.now() - Date.parse(seenAt)) / 1000;
  if (host !== hostname()) return !(age < expirySeconds);
  if (Number(pid) === process.pid) return token !== processToken;
  return !isAlive(Number(pid));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function spoken(holder: string): string {
  const [host, pid] = holder.split(' ');
  return `process ${pid} at ${host}`;
}
