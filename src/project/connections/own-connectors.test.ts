import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConnectionPool } from './connection-pool.ts';
import { parseConnections } from './connections-file.ts';
import { setOwnConnectors } from './connector-registry.ts';
import { readOwnConnectors } from './own-connectors.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-connectors-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
}

const written = (keys: string): string => `
  const config = { safeParse: () => ({ success: true }) };
  const parseUrl = () => ({});
  export default { type: 'desk', aliases: [], secretKeys: [], roles: ['source'], config, parseUrl, open() {}, ${keys} };`;

async function mistake(): Promise<string> {
  const error: unknown = await readOwnConnectors(folder).catch((thrown: unknown) => thrown);
  return error instanceof Error ? error.message : 'no error';
}

describe('connectors of a project', () => {
  test('are the default exports of the files in connectors/, without tests and what is below', async () => {
    await write('connectors/desk.ts', written(`aliases: ['helpdesk']`));
    await write('connectors/desk.test.ts', 'throw new Error("a test")');
    await write('connectors/desk/pages.ts', 'export const pageRows = 100;');
    const [desk, ...others] = await readOwnConnectors(folder);
    expect(others).toEqual([]);
    expect(desk).toMatchObject({ type: 'desk', aliases: ['helpdesk'], roles: ['source'] });
  });

  test('a project without them has none', async () => {
    expect(await readOwnConnectors(folder)).toEqual([]);
  });

  test.each([
    ['export const desk = 1;', 'has no default export'],
    ['export default 1;', 'exports no connector by default'],
    ['export default { type: "desk" };', 'was not made by defineConnector'],
    ['export default {', 'cannot be loaded'],
    [written(`type: 'Desk 1'`), `type: "Desk 1" is no name`],
    [written(`config: {}`), 'config: is no schema'],
    [written(`open: 1`), 'open: is no function'],
    [written(`roles: undefined`), 'roles: is missing'],
    [written(`roles: ['sourze']`), `no role 'sourze'; did you mean source?`],
    [written(`roles: ['database']`), 'defaultSchema: is missing'],
    [written(`type: 'postgres'`), `the type 'postgres' is already that of Millrace`],
    [written(`aliases: ['mariadb']`), `the type 'mariadb' is already that of Millrace`],
  ])('%#: a mistake is told with its file', async (text, expected) => {
    await write('connectors/desk.ts', text);
    expect((await mistake()).toLowerCase()).toContain(expected.toLowerCase());
    expect(await mistake()).toContain('connectors/desk.ts');
  });

  test('what a connector calls secret is taken out of every text', async () => {
    await write(
      'connectors/desk.ts',
      written(`secretKeys: ['pin']`).replace('success: true', 'success: true, data: {}'),
    );
    setOwnConnectors(folder, await readOwnConnectors(folder));
    const [declaration] = parseConnections(
      'connections: { DESK: { type: desk, pin: open-sesame } }',
      'connections.yaml',
      {},
    );
    if (!declaration) throw new Error('no connection');
    const pool = new ConnectionPool(new Map([['DESK', declaration]]), {
      projectFolder: folder,
      temporaryFolder: folder,
      memoryBudgetBytes: 1,
    });
    await pool.get('DESK');
    expect(pool.redact('the pin is open-sesame')).toBe('the pin is ***');
  });

  test('two of one type are a mistake, told with all others', async () => {
    await write('connectors/a.ts', written(''));
    await write('connectors/b.ts', written(''));
    await write('connectors/c.ts', 'export default 1;');
    expect(await mistake()).toContain(`connectors/b.ts: the type 'desk' is already that of connectors/a.ts`);
    expect(await mistake()).toContain('connectors/c.ts');
  });
});
