import pg from 'pg';
import { expect, test } from 'vitest';
import { postgresError } from './postgres-error.ts';

const server = { connection: 'SHOP', host: 'db', port: 5432, user: 'me', database: 'shop' };

function serverError(code: string): pg.DatabaseError {
  return Object.assign(new pg.DatabaseError('the database system is starting up', 0, 'error'), { code });
}

test('a server that recovers from a crash is given time before the next of few attempts', () => {
  expect(postgresError(serverError('57P03'), server)).toMatchObject({
    kind: 'transient',
    code: 'server_starting',
    retryAfterSeconds: 15,
    state: 'Nothing was read or written.',
  });
  expect(postgresError(serverError('57P01'), server)).toMatchObject({
    kind: 'transient',
    code: 'connection_lost',
    retryAfterSeconds: undefined,
  });
});
