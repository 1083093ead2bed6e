import { expect, test } from 'vitest';
import type { RunRecord, StepRecord } from '../../core/ledger.ts';
import type { PlanStep } from '../../core/plan.ts';
import type { StepState } from '../../core/run-state.ts';
import { readFiles } from '../testing/temporary-project.fixture.ts';
import { readyIds } from './dbt-batch.ts';

const files = {
  'models/schema.yml':
    'sources: [{ name: raw, tables: [{ name: a }, { name: b }] }]\nmodels: [{ name: first, columns: [{ name: x, data_tests: [not_null] }] }]',
  'models/first.sql': "select * from {{ source('raw', 'a') }}",
  'models/second.sql': "select * from {{ ref('first') }}",
  'models/other.sql': "select * from {{ source('raw', 'b') }}",
};

/** A run whose steps wait as `waits` says. */
function runOf(
  waits: Readonly<Record<string, readonly string[]>>,
  states: Readonly<Record<string, StepState>>,
): Pick<RunRecord, 'plan' | 'steps'> {
  const steps = Object.entries(waits).map(([key, dependsOn]) => ({ key, dependsOn }) as unknown as PlanStep);
  return {
    plan: { steps } as unknown as RunRecord['plan'],
    steps: steps.map(({ key }) => ({ key, state: states[key] ?? 'pending' }) as unknown as StepRecord),
  };
}

const waits = {
  'raw/a': [],
  'raw/b': [],
  first: ['raw/a'],
  'check/not_null_first_x': ['first'],
  second: ['first', 'check/not_null_first_x'],
  other: ['raw/b'],
};

test('what is about other partitions is built by a dbt of its own', async () => {
  const { manifest } = await readFiles(files);
  const run = runOf({ 'first@1': [], 'first@2': [], 'other@1': [], second: [] }, {});
  const steps = run.plan.steps.map((step): PlanStep => {
    const [node = '', text] = step.key.split('@');
    return text === undefined ? step : { ...step, node, partitions: { text, count: 1, ranges: [] } };
  });
  const idsWith = (text?: string): readonly string[] =>
    readyIds(manifest, { ...run, plan: { ...run.plan, steps } }, text);
  expect(idsWith('1')).toEqual(['model.shop.first', 'model.shop.other']);
  expect(idsWith('2')).toEqual(['model.shop.first']);
  expect(idsWith()).toEqual(['model.shop.second']);
});

test('what only waits for each other is built in one go, and what waits for a load is not', async () => {
  const { manifest } = await readFiles(files);
  const idsWith = (states: Readonly<Record<string, StepState>>): readonly string[] =>
    readyIds(manifest, runOf(waits, states)).map((id) => id.split('.').slice(0, 3).join('.'));

  expect(idsWith({})).toEqual([]);
  expect(idsWith({ 'raw/a': 'succeeded', 'raw/b': 'running' })).toEqual([
    'model.shop.first',
    'test.shop.not_null_first_x',
    'model.shop.second',
  ]);
  expect(idsWith({ 'raw/a': 'succeeded', 'raw/b': 'succeeded', first: 'succeeded' })).toEqual([
    'test.shop.not_null_first_x',
    'model.shop.second',
    'model.shop.other',
  ]);
  expect(idsWith({ 'raw/a': 'failed', 'raw/b': 'succeeded' })).toEqual(['model.shop.other']);
});
