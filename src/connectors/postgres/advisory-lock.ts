import { createHash } from 'node:crypto';
import type { LockAttempt } from '../../connector/connection.ts';
import { postgresError } from './postgres-error.ts';
import type { Server } from './server.ts';

/** A server that is to notice within about a minute that the holder's machine is gone. */
const lastingSession = `select set_config(name, value, false)
from pg_settings join (values ('idle_session_timeout', '0'), ('tcp_keepalives_idle', '30'),
  ('tcp_keepalives_interval', '10'), ('tcp_keepalives_count', '3')) as wanted (setting_name, value) on name = setting_name`;

const holderOf = `select format('process %s of %s, connected since %s', a.pid,
  coalesce(nullif(a.application_name, ''), 'an unnamed program') || coalesce(' at ' || host(a.client_addr), ''),
  to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS'))
from pg_locks l join pg_stat_activity a using (pid)
where l.locktype = 'advisory' and l.granted and l.objsubid = 1
  and l.database = (select oid from pg_database where datname = current_database())
  and (l.classid::bigint << 32 | l.objid::bigint) = $1::bigint`;

/** Takes an advisory lock on a session of its own, which lives as long as the lock. */
export async function takeAdvisoryLock(server: Server, name: string): Promise<LockAttempt> {
  const key = createHash('sha256').update(name).digest().readBigInt64BE().toString();
  const client = await server.connect();
  let held = false;
  client.once('end', () => (held = false));
  const end = async (): Promise<void> => {
    held = false;
    await client.end().catch(() => undefined);
  };
  try {
    await client.query(lastingSession);
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
      key,
    ]);
    held = rows[0]?.taken === true;
    if (held) return { lock: { isHeld: () => held, release: end } };
    const found = await client.query<{ format: string }>(holderOf, [key]);
    await end();
    return { holder: found.rows[0]?.format ?? 'another session' };
  } catch (error) {
    await end();
    throw postgresError(error, server.identity);
  }
}
