import { afterEach, beforeEach, expect, it } from 'vitest';
import { millrace, millraceJson } from '../support/millrace-command.ts';
import { newProject, type NewProject } from '../support/new-project.ts';

let project: NewProject;
beforeEach(async () => {
  project = await newProject();
});
afterEach(() => project.remove());

interface Shown {
  readonly run: {
    readonly state: string;
    readonly steps: readonly { readonly key: string; readonly state: string }[];
  };
}

it('millrace runs retry does what failed and what waited for it, and nothing else', async () => {
  await project.write(
    'assets/work.ts',
    `import { existsSync } from 'node:fs';
import { defineTask } from 'millrace';
export const well = defineTask({ key: 'well', run: async () => {} });
export const fragile = defineTask({ key: 'fragile', after: ['task/well'], run: async () => {
  if (!existsSync('mended')) throw new Error('the partner is away');
} });
export const later = defineTask({ key: 'later', after: ['task/fragile'], run: async () => {} });
`,
  );
  const at = { cwd: project.folder };
  expect((await millrace(['run', 'kind:task'], at)).code).not.toBe(0);
  const told = await millrace(['runs', 'show', 'last'], at);
  expect(told.stdout).toContain('millrace runs retry');

  expect((await millrace(['runs', 'retry', 'last'], at)).stdout).toContain('the partner is away');
  await project.write('mended', '');
  expect((await millrace(['runs', 'retry', 'last'], at)).code).toBe(0);
  const { run } = await millraceJson<Shown>(['runs', 'show', 'last'], at);
  expect(run).toMatchObject({
    state: 'succeeded',
    steps: [
      { key: 'task/fragile', state: 'succeeded' },
      { key: 'task/later', state: 'succeeded' },
    ],
  });
  const again = await millrace(['runs', 'retry', 'last'], at);
  expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('has done everything')]);
});
