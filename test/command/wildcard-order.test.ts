import { afterEach, beforeEach, expect, test } from 'vitest';
import { millraceJson } from '../support/millrace-command.ts';
import { newProject, type NewProject } from '../support/new-project.ts';

let project: NewProject;
beforeEach(async () => {
  project = await newProject();
});
afterEach(() => project.remove());

interface RunJson {
  readonly steps: readonly { readonly key: string; readonly state: string }[];
}

test('models wait for the pattern that loads their sources, from the first run on', async () => {
  await project.write(
    'replications/orders.yaml',
    "source: FILES\ntarget: WAREHOUSE\nstreams:\n  file://data/*.csv: { object: 'raw.{stream_file_name}' }\n",
  );
  const here = { cwd: project.folder };
  const plan = await millraceJson<{ steps: { key: string; dependsOn: string[] }[] }>(['plan'], here);
  expect(plan.steps[0]).toMatchObject({ key: 'raw/data_all_csv', dependsOn: [] });
  expect(plan.steps[1]).toMatchObject({ key: 'revenue_by_city', dependsOn: ['raw/data_all_csv'] });
  const run = await millraceJson<RunJson>(['run', '+revenue_by_city'], here);
  expect(run.steps.map(({ key, state }) => `${key} ${state}`).slice(0, 2)).toEqual([
    'raw/data_all_csv succeeded',
    'revenue_by_city succeeded',
  ]);
});
