import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { millrace, millraceJson } from '../support/millrace-command.ts';
import { newProject, type NewProject } from '../support/new-project.ts';

let project: NewProject;
beforeEach(async () => {
  project = await newProject();
});
afterEach(() => project.remove());

interface RunJson {
  readonly state: string;
  readonly steps: readonly { readonly key: string; readonly state: string }[];
}

const nightly = `
env: { FOLDER: out }
steps:
  - { type: list, id: found, location: 'FILES/data/*.csv' }
  - type: group
    loop: state.found.result
    steps:
      - { type: copy, from: '{loop.value.location}', to: '{env.FOLDER}/{loop.index}/{loop.value.name}' }
  - { type: replication, id: load, path: loads/copies.yaml, env: { SCHEMA: copies } }
  - { type: query, id: count, connection: WAREHOUSE, query: select count(*) as n from copies.orders }
  - { type: check, check: 'state.count.result[0].n == state.load.total_rows' }
  - { type: write, to: out/done.txt, content: '{state.load.total_rows} rows in {state.count.status}' }
`;
const copies =
  "source: FILES\ntarget: WAREHOUSE\nstreams:\n  'file://out/0/*.csv': { object: '{SCHEMA}.{stream_file_name}' }\n";

test('a pipeline file is run by itself, or as a task of the graph', async () => {
  const here = { cwd: project.folder };
  await project.write('loads/copies.yaml', copies);
  await project.write('nightly.yaml', nightly);
  const alone = await millraceJson<RunJson>(['run', '-p', 'nightly.yaml'], here);
  expect(alone).toMatchObject({ state: 'succeeded', steps: [{ key: 'task/nightly' }] });
  expect(await readFile(join(project.folder, 'out/done.txt'), 'utf8')).toBe('5 rows in success');

  await project.write('pipelines/nightly.yaml', `${nightly}meta: { millrace: { after: raw/orders } }\n`);
  const part = await millraceJson<RunJson>(['run', '-p', 'pipelines/nightly.yaml'], here);
  expect(part.steps.map(({ key }) => key)).toEqual(['task/nightly']);
  const all = await millraceJson<RunJson>(['run', '+nightly'], here);
  expect(all.steps.map(({ key, state }) => `${key} ${state}`)).toEqual([
    'raw/orders succeeded',
    'task/nightly succeeded',
  ]);
  expect((await millrace(['plan', '--sql', 'task/nightly'], here)).stdout).toMatch(/3\. load[^]*6\. write/);
});

test('a mistake in a pipeline has its line; flags about streams have nothing to do with it', async () => {
  const here = { cwd: project.folder };
  await project.write('pipelines/nightly.yaml', 'steps:\n  - { type: copy, form: a, to: b }\n');
  const checked = await millrace(['check'], here);
  expect(checked.code).not.toBe(0);
  expect(checked.stderr + checked.stdout).toMatch(/pipelines\/nightly\.yaml:2/);
  await project.write('nightly.yaml', nightly);
  const flagged = await millrace(['run', '-p', 'nightly.yaml', '--streams', 'a'], here);
  expect(flagged.stderr).toMatch(/flags about streams need a replication/);
});
