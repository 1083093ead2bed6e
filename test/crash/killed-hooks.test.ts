import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startMillrace } from '../support/millrace-command.ts';
import { newProject, type NewProject } from '../support/new-project.ts';

let project: NewProject;
let server: Server;
let asked: string[];
let answer: (path: string, response: ServerResponse) => void;
beforeEach(async () => {
  project = await newProject();
  asked = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      asked.push(`${request.url} ${body}`);
      answer(request.url ?? '', response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await project.remove();
});

const url = (path: string): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;

test('a run whose process was killed repeats no hook that is done, and knows when it began', async () => {
  const hook = (path: string): string =>
    `[{ type: http, url: '${url(path)}', payload: '{run_timestamp} {execution.id}' }]`;
  await project.write(
    'replications/orders.yaml',
    `source: FILES\ntarget: WAREHOUSE\nhooks:\n  start: ${hook('/start')}\n  end: ${hook('/end')}\nstreams:\n  file://data/orders.csv:\n    object: 'raw.orders_{timestamp.unix}'\n    hooks: { pre: ${hook('/pre')} }\n`,
  );
  const run = () => startMillrace(['run', '-r', 'replications/orders.yaml'], { cwd: project.folder });

  const waiting = Promise.withResolvers<void>();
  answer = (path, response) => (path === '/pre' ? waiting.resolve() : void response.end('ok'));
  const killed = run();
  await waiting.promise;
  killed.child.kill('SIGKILL');
  await killed.result;
  // The second that the name of the table holds has passed.
  await new Promise((resolve) => setTimeout(resolve, 1100));

  answer = (_, response) => void response.end('ok');
  const again = await run().result;
  expect(again.code, again.stderr).toBe(0);
  expect(again.stderr).toContain('Continuing run');
  expect(asked.map((line) => line.split(' ')[0])).toEqual(['/start', '/pre', '/pre', '/end']);
  expect(new Set(asked.map((line) => line.slice(line.indexOf(' ')))).size).toBe(1);
});
