import { afterEach, beforeEach, expect, test } from 'vitest';
import { millrace } from '../support/millrace-command.ts';
import { newProject, type NewProject } from '../support/new-project.ts';

let project: NewProject;
beforeEach(async () => {
  project = await newProject();
});
afterEach(() => project.remove());

test('a key that Sling would pass over is told, stops no run, and is a mistake for check --strict', async () => {
  await project.edit('replications/orders.yaml', 'mode:', 'mod:');
  const told =
    /warning replications\/orders\.yaml:5:3: unknown key 'mod', did you mean 'mode'\? It is ignored/;
  const inProject = (...words: string[]) => millrace(words, { cwd: project.folder });

  expect(await inProject('check')).toMatchObject({ code: 0, stdout: expect.stringMatching(told) as string });
  expect(await inProject('check', '--strict')).toMatchObject({
    code: 2,
    stdout: expect.stringMatching(told) as string,
  });
  expect(await inProject('run', '-r', 'replications/orders.yaml')).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(told) as string,
  });
});
