import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectorSuite } from 'millrace/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { millrace, millraceJson } from '../../../test/support/millrace-command.ts';
import { createTestDatabase, type TestDatabase } from '../../../test/support/postgres-database.ts';
import helpdesk from '../connectors/helpdesk.ts';
import { type HelpDesk, startHelpDesk } from './help-desk.ts';

const token = 'desk-secret-4711';
let desk: HelpDesk;
let folder: string;
let database: TestDatabase;

async function filledHelpDesk(): Promise<HelpDesk> {
  const desk = await startHelpDesk(token);
  desk.rows.set('agents', [{ id: 1, name: 'Ada' }]);
  desk.rows.set(
    'tickets',
    [1, 2, 3, 4, 5].map((id) => ({
      id,
      subject: id === 3 ? null : `Ticket ${id}`,
      hours: id / 4,
      tags: id === 1 ? [] : ['printer'],
      updated_at: `2024-01-0${id}T10:00:00Z`,
    })),
  );
  return desk;
}

beforeEach(async () => {
  desk = await filledHelpDesk();
  database = await createTestDatabase();
  folder = await mkdtemp(join(tmpdir(), 'millrace-helpdesk-'));
  await cp(join(import.meta.dirname, '..'), folder, { recursive: true });
});

afterEach(async () => {
  await desk.close();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

test('docs/connectors.md quotes it', async () => {
  const text = async (path: string): Promise<string> => readFile(join(import.meta.dirname, path), 'utf8');
  const source = await text('../connectors/helpdesk.ts');
  const end = 'export default helpdesk;';
  const quoted = source.slice(source.indexOf('/** A help desk'), source.indexOf(end) + end.length);
  expect(await text('../../../docs/connectors.md')).toContain(quoted);
});

describe('the connector', () => {
  let desk: HelpDesk;
  beforeAll(async () => {
    desk = await filledHelpDesk();
  });
  afterAll(() => desk.close());

  connectorSuite('helpdesk', {
    runner: { describe, test, before: beforeAll, after: afterAll },
    connector: helpdesk,
    folder: tmpdir(),
    config: () => ({ url: desk.url, token }),
    stream: 'tickets',
    wrong: () => ({ config: { url: desk.url, token: 'wrong-secret-0815' }, secret: 'wrong-secret-0815' }),
  });
});

describe.each(['DuckDB', 'PostgreSQL'])('the help desk into %s', (system) => {
  const options = (given = token) => ({
    cwd: folder,
    env: {
      DESK_URL: desk.url,
      DESK_TOKEN: given,
      ...(system === 'PostgreSQL' ? { WAREHOUSE_URL: database.url } : {}),
    },
  });
  const tickets = async (): Promise<unknown> => {
    const query = 'select id, subject, hours from desk.tickets order by id';
    const { rows } = await millraceJson<{ rows: unknown }>(['sql', query], options());
    return rows;
  };

  test('arrives, and later only what has changed is asked for', async () => {
    await millraceJson(['run'], options());
    expect(await tickets()).toEqual([
      [1, 'Ticket 1', '0.25'],
      [2, 'Ticket 2', '0.50'],
      [3, null, '0.75'],
      [4, 'Ticket 4', '1.00'],
      [5, 'Ticket 5', '1.25'],
    ]);

    const changed = { id: 2, subject: 'Solved', hours: 9, tags: [], updated_at: '2024-01-06T00:00:00Z' };
    desk.rows.set('tickets', [...(desk.rows.get('tickets') ?? []).filter(({ id }) => id !== 2), changed]);
    desk.requests.length = 0;
    await millraceJson(['run', '--select', 'desk/tickets'], options());
    expect(desk.requests.map((path) => new URL(path, desk.url).searchParams.get('updated_since'))).toEqual([
      '2024-01-05T10:00:00Z',
    ]);
    expect(await tickets()).toEqual([
      [1, 'Ticket 1', '0.25'],
      [2, 'Solved', '9.00'],
      [3, null, '0.75'],
      [4, 'Ticket 4', '1.00'],
      [5, 'Ticket 5', '1.25'],
    ]);
  });

  test('a value that does not fit names its row, and nothing is published', async () => {
    await millraceJson(['run'], options());
    desk.rows
      .get('tickets')
      ?.push({ id: 6, subject: 6, hours: 1, tags: [], updated_at: '2024-01-07T00:00:00Z' });
    const failed = await millrace(['run', '--select', 'desk/tickets'], options());
    expect(failed.code).not.toBe(0);
    expect(failed.stdout + failed.stderr).toContain(`stream tickets, row 2: 'subject' is text`);
    expect(await tickets()).toHaveLength(5);
  });

  test('a token that is refused is not told', async () => {
    const wrong = 'wrong-secret-0815';
    const failed = await millrace(['run'], options(wrong));
    expect(failed.code).not.toBe(0);
    expect(failed.stdout + failed.stderr).toContain('refuses the token of DESK');
    expect(failed.stdout + failed.stderr).not.toContain(wrong);
  });
});
