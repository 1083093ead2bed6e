import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataError } from '../core/errors.ts';
import type { GraphNode, RelationRef } from '../core/node.ts';
import type { RunStore } from '../core/ports.ts';
import { openSqliteLedger } from '../store/index.ts';
import { createEngine } from './create-engine.ts';
import type { Engine } from './engine.ts';
import { makePlan } from './planner.ts';
import { asset, check, definitionsOf, external, testExecutor } from './project.fixture.ts';

let folder: string;
let store: RunStore;
let engine: Engine | undefined;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-partly-'));
  store = await openSqliteLedger(join(folder, 'ledger.db'));
});
afterEach(async () => {
  await engine?.shutdown('abort');
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const table = (name: string): RelationRef => ({ connection: 'W', schema: 'raw', name });
const source = (name: string): GraphNode => ({ ...external(`source/${name}`), relation: table(name) });

/** One step that writes many tables; models read some of them, by their tables or the step itself. */
const nodes: readonly GraphNode[] = [
  asset('raw/all', [], { relationPattern: table('*') }),
  source('orders'),
  source('users'),
  asset('m_orders', ['source/orders']),
  asset('m_users', ['source/users']),
  asset('m_both', ['source/users', 'm_orders']),
  asset('m_raw', ['raw/all', 'source/users']),
  asset('m_late', ['m_users']),
  check('check/users', 'source/users'),
];

async function runWith(relations?: readonly RelationRef[]): Promise<Readonly<Record<string, string>>> {
  const definitions = definitionsOf(nodes);
  engine = createEngine({
    store,
    executors: [
      testExecutor({
        'raw/all': () => {
          throw new DataError('bad rows', { code: 'bad_rows', ...(relations ? { relations } : {}) });
        },
      }),
    ],
    definitions: () => definitions,
    pollMilliseconds: 20,
  });
  const plan = makePlan(definitions.graph, { manifestHash: 'h' });
  const id = await engine.enqueue(plan, { kind: 'code' });
  await engine.start();
  const run = await engine.waitForRun(id);
  expect(run.state).toBe('failed');
  return Object.fromEntries(run.steps.map(({ key, state }) => [key, state]));
}

test('who reads tables that were written goes on when others of the same step were not', async () => {
  expect(await runWith([{ ...table('ORDERS'), connection: 'w' }])).toEqual({
    'raw/all': 'failed',
    m_orders: 'skipped',
    m_both: 'skipped',
    m_raw: 'skipped',
    m_users: 'succeeded',
    m_late: 'succeeded',
    'check/users': 'succeeded',
  });
});

test('when nobody knows which tables were not written, nobody goes on', async () => {
  const { 'raw/all': writer, ...others } = await runWith();
  expect(writer).toBe('failed');
  expect(new Set(Object.values(others))).toEqual(new Set(['skipped']));
});
