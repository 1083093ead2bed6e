import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConfigError, ProjectError } from '../../core/errors.ts';
import type { StepContext, StepOutcome } from '../../core/executor.ts';
import type { JsonValue } from '../../core/json.ts';
import { pipelineNode } from './pipeline-node.ts';
import { readPipeline } from './read-pipeline.ts';
import { createPipelineExecutor } from './run-pipeline.ts';

let folder: string;
let logged: string[];
let checkpoint: JsonValue | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-pipeline-'));
  logged = [];
  checkpoint = undefined;
});
afterEach(() => rm(folder, { recursive: true }));

async function run(yaml: string, replicated: () => void = () => undefined): Promise<StepOutcome> {
  const pipeline = readPipeline(yaml, 'pipelines/nightly.yaml', { MILLRACE_ALLOW_COMMANDS: 'true' });
  const executor = createPipelineExecutor([pipeline], {
    open: async () => {
      throw new ConfigError('none', { code: 'connection_missing' });
    },
    mayRunCommands: true,
    projectFolder: folder,
    replicate: async () => {
      replicated();
      return { total_rows: 3 };
    },
  });
  const context: StepContext = {
    runId: 'r',
    runStartedAtMs: 0,
    attempt: 1,
    idempotencyKey: 'r/task/nightly',
    options: { fullRefresh: false },
    signal: new AbortController().signal,
    log: (line) => logged.push(line),
    progress: () => undefined,
    checkpoint,
    saveCheckpoint: async (value) => {
      checkpoint = value;
    },
  };
  return executor.execute(pipelineNode(pipeline), context);
}

test('steps run in order and see what came before', async () => {
  const outcome = await run(`
env: { TEAM: data }
steps:
  - { type: replication, id: load, path: replications/shop.yaml, name: the shop }
  - { type: write, to: done.txt, content: '{env.TEAM} {state.load.total_rows} {pipeline.file} {YYYY}' }
  - { type: log, if: state.load.total_rows > 5, message: many }
`);
  expect(await readFile(join(folder, 'done.txt'), 'utf8')).toBe('data 3 pipelines/nightly.yaml 1970');
  expect(outcome.metadata).toMatchObject({ steps: 3, statuses: { load: 'success' } });
  expect(logged).toEqual([]);
});

test('goto leads back until its condition is false', async () => {
  await run(`
steps:
  - { type: store, map: { n: 0, more: '' } }
  - { type: command, id: turn, command: "printf x >> turns; printf \\"$(wc -c < turns)\\"", print: false, into: n }
  - { type: log, if: store.n < 3, message: 'turn {store.n}', goto: turn }
  - { type: log, message: end }
`);
  expect(logged).toEqual(['turn 1', 'turn 2', 'end']);
});

test('an endless circle of goto ends', async () => {
  const endless = run('steps: [{ type: store, id: a, key: x, value: 1, goto: a }]');
  await expect(endless).rejects.toMatchObject({ code: 'goto_endless' });
});

test('another attempt goes on with the step that failed', async () => {
  let failures = 1;
  const yaml = `
steps:
  - { type: store, key: kept, value: here }
  - { type: replication, path: a.yaml }
  - { type: log, message: '{store.kept}' }
`;
  const failing = (): void => {
    if (failures-- > 0) throw new Error('gone');
  };
  await expect(run(yaml, failing)).rejects.toThrow('gone');
  await run(yaml, failing);
  expect(logged).toEqual(['goes on with step 2', 'here']);
});

test('what warn lets pass is told with the outcome, also by an attempt that goes on', async () => {
  let failures = 1;
  const yaml = `
steps:
  - { type: check, id: c, check: 'int_parse("x") > 1', on_failure: warn }
  - { type: group, steps: [{ type: check, check: 'false', failure_message: inner, on_failure: warn }] }
  - { type: replication, path: a.yaml }
`;
  const failing = (): void => {
    if (failures-- > 0) throw new Error('gone');
  };
  await expect(run(yaml, failing)).rejects.toThrow('gone');
  const { metadata } = await run(yaml, failing);
  expect(metadata['warnings']).toEqual([
    expect.stringMatching(/^hook c: the expression int_parse.*"x" is not a number/),
    'hook check: inner',
  ]);
});

test('skip and break leave out the rest; defer fails at the end', async () => {
  for (const policy of ['skip', 'break', 'defer']) {
    checkpoint = undefined;
    logged = [];
    const running = run(
      `steps:\n  - { type: check, check: 'false', failure_message: no, on_failure: ${policy} }\n  - { type: log, message: after }\n`,
    );
    if (policy === 'defer') await expect(running).rejects.toMatchObject({ code: 'step_failed' });
    else await running;
    expect(logged.includes('after')).toBe(policy === 'defer');
  }
});

describe('the node', () => {
  test('is a task that may come after others and have a schedule', () => {
    const pipeline = readPipeline(
      'steps: [{ type: log, message: a }]\nmeta: { millrace: { after: raw/orders, schedule: "0 3 * * *", tags: [night] } }\n',
      'pipelines/shop/nightly run.yml',
      {},
    );
    expect(pipelineNode(pipeline)).toMatchObject({
      key: 'task/shop/nightly_run',
      kind: 'task',
      executor: 'pipeline',
      tags: ['night'],
      edges: [{ kind: 'after', from: 'raw/orders' }],
      spec: { schedule: ['0 3 * * *'], steps: ['log'] },
    });
  });
});

test.each([
  ['steps: []', '1 steps_missing the pipeline has no steps'],
  [
    'meta: { millrace: { aftr: [a] } }\nsteps: [{ type: log, message: a }]',
    "1 unknown_key unknown key 'aftr', did you mean 'after'?",
  ],
  [
    'steps:\n  - { type: log, message: a }\n  - { type: lgo }',
    "3 invalid_value steps[1].type: unknown type 'lgo', did you mean 'log'?",
  ],
  [
    'steps:\n  - { type: log, id: one, message: a }\n  - { type: log, message: b, goto: onn }',
    "3 step_missing goto names the step 'onn', which is not there, did you mean 'one'?",
  ],
  [
    'steps:\n  - { type: group, steps: [{ type: log, message: a, goto: b }] }',
    '2 hook_not_applicable the step of type log within a group has goto',
  ],
  [
    'env: { MILLRACE_ALLOW_COMMANDS: true }\nsteps:\n  - { type: command, command: ls }',
    '3 command_forbidden steps runs a command, and commands are not allowed here',
  ],
  [
    'steps:\n  - { type: log, message: "${NOPE_Y}" }',
    '2 environment_missing the environment variable NOPE_Y is not set',
  ],
])('mistake: %s', (yaml, expected) => {
  const found: string[] = [];
  try {
    readPipeline(yaml, 'a.yaml', {});
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    found.push(...error.issues.map(({ origin, code, message }) => `${origin?.line} ${code} ${message}`));
  }
  expect(found).toEqual([expected]);
});

test('what Sling would pass over is told', () => {
  const { warnings } = readPipeline(
    'stpes: []\nsteps:\n  - { type: log, message: a, lvel: warn }\n',
    'a.yaml',
    {},
  );
  expect(warnings).toMatchObject([
    { message: "unknown key 'stpes', did you mean 'steps'? It is ignored", origin: { line: 1 } },
    { message: "steps[0]: unknown key 'lvel', did you mean 'level'? It is ignored", origin: { line: 3 } },
  ]);
});
