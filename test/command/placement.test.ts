import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { millrace, millraceJson } from '../support/millrace-command.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-placement-'));
  await write(
    'connections.yaml',
    `connections:
  PG: { type: postgres, host: db, database: d }
  LAKE: { type: postgres, host: db, database: e }
  WAREHOUSE: { type: duckdb, path: w.duckdb }
`,
  );
  await write(
    'replications/shop.yaml',
    'source: PG\ntarget: WAREHOUSE\nstreams: { public.a: { object: raw.a } }\n',
  );
  await write(
    'replications/lake.yaml',
    'source: PG\ntarget: LAKE\nstreams: { public.b: { object: lake.b } }\n',
  );
  await write(
    'assets/work.ts',
    `import { defineTask } from 'millrace';
export const free = defineTask({ key: 'free', run: async () => {} });
export const pinned = defineTask({ key: 'pinned', runsOn: 'owner', run: async () => {} });
`,
  );
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

const shared = { MILLRACE_LEDGER_URL: 'postgres://nobody@127.0.0.1:1/ops' };

interface PlanJson {
  readonly steps: readonly { readonly key: string; readonly runsOn?: string; readonly pool?: string }[];
}

function configure(pools: string): Promise<void> {
  return write(
    'millrace.config.ts',
    `import { defineProject } from 'millrace';
export default defineProject({ name: 'shop', warehouse: 'WAREHOUSE', pools: ${pools} });
`,
  );
}

async function places(env: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
  const { steps } = await millraceJson<PlanJson>(['plan'], { cwd: folder, env });
  return Object.fromEntries(steps.map(({ key, runsOn, pool }) => [key, runsOn ?? pool ?? 'anywhere']));
}

test('a plan says what only the owner of the project can do, and what waits for workers', async () => {
  await configure("{ near: { workers: true, select: 'lake/*' }, few: 2 }");
  const found = await places(shared);
  expect(found).toMatchObject({
    'raw/a': 'owner',
    'lake/b': 'near',
    'task/free': 'anywhere',
    'task/pinned': 'owner',
  });
  const shown = await millrace(['plan'], { cwd: folder, env: shared });
  expect(shown.stdout).toMatch(/raw\/a +asset \(table\) +the owner/);
  expect(shown.stdout).toMatch(/lake\/b +asset \(table\) +workers for near/);
});

test('on a ledger that is a file the one process does all, and nothing is placed', async () => {
  await configure('{}');
  const found = await places({});
  expect(Object.entries(found).filter(([, place]) => place === 'owner')).toEqual([['task/pinned', 'owner']]);
});

test('what only the owner can do cannot be in a pool of workers', async () => {
  await configure("{ near: { workers: true, select: 'raw/*' } }");
  const checked = await millrace(['check'], { cwd: folder, env: shared });
  expect(checked.code).toBe(2);
  expect(checked.stdout + checked.stderr).toContain(
    "raw/a needs the process that owns the project, and is in the pool 'near', which is for workers",
  );
});
