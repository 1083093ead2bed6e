import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { findFolderCircle, readImports, type Import } from './import-graph.ts';

/** Who may import whom. `docs/ARCHITECTURE.md` says why. */
const allowed: Readonly<Record<string, readonly string[] | 'everything'>> = {
  core: [],
  config: ['core'],
  sql: ['core'],
  connector: ['core', 'sql'],
  connectors: ['connector', 'sql', 'core'],
  testing: ['core', 'sql', 'connector'],
  load: ['core', 'config', 'sql', 'connector'],
  transform: ['core', 'config', 'sql', 'connector'],
  report: ['core', 'config', 'sql', 'connector'],
  sync: ['core', 'config', 'sql', 'connector'],
  curate: ['core', 'sql'],
  store: ['core'],
  engine: ['core'],
  telemetry: ['core'],
  server: ['core', 'engine'],
  project: 'everything',
  cli: 'everything',
  'index.ts': 'everything',
};

const imports = await readImports('src/**/*.ts');
const room = (path: string): string => path.split('/')[1] ?? '';

function breaches(found: readonly Import[]): string[] {
  return found.flatMap(({ from, to, isPackage }) => {
    const rule = allowed[room(from)];
    if (isPackage || rule === 'everything') return [];
    if (rule === undefined) return [`${from} is in a room that the table does not know`];
    const sameRoom = room(from) === room(to);
    const sameConnector = room(from) !== 'connectors' || from.split('/')[2] === to.split('/')[2];
    return (sameRoom && sameConnector) || (!sameRoom && rule.includes(room(to)))
      ? []
      : [`${from} imports ${to}`];
  });
}

describe('the house', () => {
  test('rooms import only what the table allows', () => {
    expect(imports.length).toBeGreaterThan(50);
    expect(breaches(imports)).toEqual([]);
  });

  test('the table is really held against the imports', () => {
    const bad = { from: 'src/core/a.ts', to: 'src/engine/b.ts', isPackage: false };
    const sideways = {
      from: 'src/connectors/duckdb/a.ts',
      to: 'src/connectors/files/b.ts',
      isPackage: false,
    };
    expect(breaches([bad, sideways])).toHaveLength(2);
  });

  test('folders have no circles', () => {
    expect(findFolderCircle(imports)).toBeUndefined();
    const circle = [
      { from: 'src/a/x.ts', to: 'src/b/y.ts', isPackage: false },
      { from: 'src/b/z.ts', to: 'src/a/w.ts', isPackage: false },
    ];
    expect(findFolderCircle(circle)).toEqual(['src/a', 'src/b', 'src/a']);
  });

  test('core and sql touch nothing outside themselves', () => {
    const packages = imports.filter(({ from, isPackage }) => isPackage && /^src\/(core|sql)\//.test(from));
    expect(packages).toEqual([]);
    for (const file of new Set(
      imports.map(({ from }) => from).filter((path) => path.startsWith('src/core/')),
    )) {
      expect(readFileSync(file, 'utf8'), file).not.toMatch(
        /\bDate\.now\(|\bnew Date\(|Math\.random|\bprocess\.|setTimeout/,
      );
    }
  });

  test('the page knows the server only by its contract', async () => {
    const web = await readImports('web/src/**/*.{ts,tsx}');
    const foreign = web.filter(
      ({ to, isPackage }) => !isPackage && !to.startsWith('web/src/') && to !== 'src/server/contract.ts',
    );
    expect(foreign).toEqual([]);
  });
});
