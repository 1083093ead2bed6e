import type { Listening } from '../../connector/connection.ts';
import { postgresDialect } from '../../sql/dialects/index.ts';
import { postgresError } from './postgres-error.ts';
import type { Server } from './server.ts';

/** How often the session is tried out: a server that was cut off sends nothing, not even an end. */
const checkMilliseconds = 20_000;

/** `LISTEN` on a session of its own. */
export async function listenTo(
  server: Server,
  channel: string,
  heard: (payload: string) => void,
  onEnd: () => void,
): Promise<Listening> {
  const client = await server.connect();
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const end = (): void => {
    if (isOver) return;
    isOver = true;
    clearInterval(timer);
    void client.end().catch(() => undefined);
    onEnd();
  };
  client.on('end', end);
  client.on('error', end);
  client.on('notification', ({ payload }) => heard(payload ?? ''));
  try {
    await client.query(`listen ${postgresDialect.quote(channel)}`);
  } catch (error) {
    isOver = true;
    await client.end().catch(() => undefined);
    throw postgresError(error, server.identity);
  }
  timer = setInterval(() => void client.query('select 1').catch(end), checkMilliseconds).unref();
  return {
    close: async () => {
      isOver = true;
      clearInterval(timer);
      await client.end().catch(() => undefined);
    },
  };
}
