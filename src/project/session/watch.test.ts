import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { NodeKey } from '../../core/node.ts';
import { readKeptProject } from './kept-project.ts';
import { openSession, type Session } from './session.ts';
import { watchProject } from './watch.ts';

const template = fileURLToPath(new URL('../../../templates/project', import.meta.url));

let folder: string;
let session: Session;
let stop: () => void;
const reloads: NodeKey[][] = [];
const mistakes: string[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-watch-'));
  await cp(template, folder, { recursive: true });
  await writeFile(
    join(folder, 'millrace.config.ts'),
    "export default { name: 'shop', warehouse: 'WAREHOUSE' };",
  );
  await writeFile(join(folder, 'transform/dbt_project.yml'), 'name: shop\nversion: "1"\nprofile: shop\n');
  const { project, kept } = await readKeptProject(folder, {});
  session = await openSession(project);
  reloads.length = 0;
  mistakes.length = 0;
  stop = watchProject(session, kept, {
    onReload: (project) => reloads.push(project.graph.nodes.map(({ key }) => key)),
    onMistake: (error) => mistakes.push(error.message),
  });
});
afterEach(async () => {
  stop();
  await session.close();
  await rm(folder, { recursive: true, force: true });
});

test('a new model is in the graph soon after its file', async () => {
  await writeFile(join(folder, 'transform/models/extra.sql'), 'select 1 as x');
  await vi.waitFor(() => expect(reloads.at(-1)).toContain('extra'), 5000);
  expect(session.project.graph.byKey.has('extra')).toBe(true);
});

test('a mistake is told, and the definitions from before stay', async () => {
  await writeFile(join(folder, 'transform/models/broken.sql'), 'select {{ x }');
  await vi.waitFor(() => expect(mistakes.at(-1)).toMatch(/broken\.sql:1/), 5000);
  expect(session.project.graph.byKey.has('revenue_by_city')).toBe(true);
});

test('changed connections ask for a new start', async () => {
  await writeFile(
    join(folder, 'connections.yaml'),
    'connections: {FILES: {type: file}, WAREHOUSE: {type: duckdb, path: other.duckdb}}',
  );
  await vi.waitFor(() => expect(mistakes.at(-1)).toMatch(/connections have changed/), 5000);
});
