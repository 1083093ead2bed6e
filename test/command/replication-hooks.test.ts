import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { millrace } from '../support/millrace-command.ts';
import { newProject, type NewProject } from '../support/new-project.ts';

let project: NewProject;
beforeEach(async () => {
  project = await newProject();
  await project.write('data/a.csv', 'id\n1\n2\n');
  await project.write('data/b.csv', 'id,n\n1,2\n');
});
afterEach(() => project.remove());

const files = (streams: string): string => `
source: FILES
target: WAREHOUSE
hooks:
  start:
    - { type: write, to: out/start.txt, content: '{run_timestamp} {execution.file_path}' }
  end:
    - type: write
      to: out/end.txt
      content: '{run.status} rows={run.total_rows} a={runs.a.status} ok={execution.status.success} of {execution.status.count}'
    - { type: log, message: 'the end of {timestamp.date}' }
streams:
${streams}`;

const out = (name: string): Promise<string> => readFile(join(project.folder, 'out', name), 'utf8');

test('start runs before the first stream of a file, end after the last', async () => {
  await project.write(
    'replications/twice.yaml',
    files('  file://data/a.csv: { id: a, object: raw.a }\n  file://data/b.csv: { id: b, object: raw.b }\n'),
  );
  const here = { cwd: project.folder };
  const planned = await millrace(['plan', '--sql', 'raw/a'], here);
  expect(planned.stdout).toMatch(
    /task\/twice\/start[^]*raw\/a[^]*task\/twice\/end[^]*1\. write\n[^]*2\. log/,
  );
  const run = await millrace(['run', '-r', 'replications/twice.yaml', '--json'], here);
  const steps = (JSON.parse(run.stdout) as { steps: { key: string; state: string }[] }).steps;
  expect(steps.map(({ key, state }) => `${key} ${state}`)).toEqual([
    'task/twice/start succeeded',
    'raw/a succeeded',
    'raw/b succeeded',
    'task/twice/end succeeded',
  ]);
  expect(await out('start.txt')).toMatch(/^\d{4}_\d\d_\d\d_\d{6} replications\/twice\.yaml$/);
  expect(await out('end.txt')).toBe('success rows=3 a=success ok=2 of 2');

  await project.write('out/end.txt', '');
  expect((await millrace(['run', 'raw/a'], here)).code).toBe(0);
  expect(await out('end.txt')).toBe('success rows=2 a=success ok=1 of 1');
});

test('end knows how long each stream took, and what its hooks found', async () => {
  await project.write(
    'replications/known.yaml',
    `source: FILES
target: WAREHOUSE
hooks:
  end:
    - { type: check, check: 'runs.a.duration >= 0 && runs.a.start_time <= runs.a.end_time && runs.a.config.target.object == "raw.a"' }
    - { type: write, to: out/end.txt, content: '{state.ask.result[0].n} {store.kept}' }
streams:
  file://data/a.csv:
    id: a
    object: raw.a
    hooks:
      post:
        - { type: query, id: ask, query: select count(*) as n from raw.a }
        - { type: store, key: kept, value: yes }
`,
  );
  expect(await millrace(['run', '-r', 'replications/known.yaml'], { cwd: project.folder })).toMatchObject({
    code: 0,
  });
  expect(await out('end.txt')).toBe('2 yes');
});

test('end also runs after a stream has failed; streams do not run after start has', async () => {
  await project.write(
    'replications/twice.yaml',
    files(
      '  file://data/a.csv: { id: a, object: raw.a, columns: { id: bool } }\n  file://data/b.csv: { object: raw.b }\n',
    ),
  );
  const here = { cwd: project.folder };
  expect((await millrace(['run', '-r', 'replications/twice.yaml'], here)).code).not.toBe(0);
  expect(await out('end.txt')).toBe('error rows=1 a=error ok=1 of 2');

  await project.edit('replications/twice.yaml', 'out/start.txt', '../start.txt');
  const run = await millrace(['run', '-r', 'replications/twice.yaml'], here);
  expect(run.stderr + run.stdout).toMatch(/'\.\.\/start\.txt' is outside of/);
  expect(await out('end.txt')).toBe('error rows=0 a=skipped ok=0 of 2');
});

test('a hook runs another replication, with its own keys', async () => {
  await project.write(
    'more/b.yaml',
    'source: FILES\ntarget: WAREHOUSE\nstreams:\n  file://data/b.csv: { object: "raw.{NAME}" }\n  file://data/a.csv: { object: raw.a }\n',
  );
  await project.write(
    'replications/outer.yaml',
    `source: FILES\ntarget: WAREHOUSE\nhooks:\n  end:\n    - { type: replication, id: more, path: more/b.yaml, streams: ['*b.csv'], mode: truncate, env: { NAME: nested } }\n    - { type: check, check: state.more.total_rows == 1 }\nstreams:\n  file://data/a.csv: { object: raw.a }\n`,
  );
  const here = { cwd: project.folder };
  const run = await millrace(['run', '-r', 'replications/outer.yaml'], here);
  expect(run.stderr + run.stdout).toMatch(/succeeded/);
  const rows = await millrace(['sql', 'select * from raw.nested', '--json'], here);
  expect(JSON.parse(rows.stdout)).toMatchObject({ rows: [[1, 2]] });
});

test('what start stores, the streams and the end of the file know', async () => {
  await project.write(
    'replications/stored.yaml',
    `source: FILES
target: WAREHOUSE
hooks:
  start:
    - { type: query, id: ask, connection: WAREHOUSE, query: 'select 2 as least' }
    - { type: store, map: { least: '{state.ask.result[0].least}', schema: made, env.TEAM: data } }
  end:
    - { type: write, to: out/end.txt, content: '{store.least} {env.TEAM} {run.total_rows}' }
streams:
  file://data/a.csv:
    object: '{store.schema}.a'
    where: id >= {store_least}
    hooks: { post: [{ type: write, to: out/stream.txt, content: '{store.schema} {env.TEAM}' }] }
`,
  );
  const here = { cwd: project.folder };
  const run = await millrace(['run', '-r', 'replications/stored.yaml'], here);
  expect(run.code, run.stderr).toBe(0);
  expect(await out('end.txt')).toBe('2 data 1');
  expect(await out('stream.txt')).toBe('made data');
  const rows = await millrace(['sql', 'select id from made.a', '--json'], here);
  expect(JSON.parse(rows.stdout)).toMatchObject({ rows: [[2]] });
});
