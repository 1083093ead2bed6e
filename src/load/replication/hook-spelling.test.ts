import { parseDocument } from 'yaml';
import { expect, test } from 'vitest';
import { readHooks } from './hook-list.ts';

const read = (yaml: string): readonly unknown[] =>
  readHooks(parseDocument(yaml).toJS(), {
    where: 'hooks',
    origin: { file: 'a.yaml' },
    mayRunCommands: true,
  });

test.each([
  ['- check: run.total_rows > 0', { type: 'check', check: 'run.total_rows > 0' }],
  ["- log: 'done'", { type: 'log', message: 'done' }],
  [
    '- { query: select 1, connection: DB, into: one }',
    { type: 'query', query: 'select 1', connection: 'DB', into: 'one' },
  ],
  ['- command: [ls, -l]', { type: 'command', command: ['ls', '-l'] }],
  ['- replication: loads/shop.yaml', { type: 'replication', path: 'loads/shop.yaml' }],
  [
    '- replication: { source: A, target: B, streams: { t: } }',
    { type: 'replication', replication: { source: 'A', target: 'B', streams: { t: null } } },
  ],
  ["- { type: check, check: 'true', message: no }", { type: 'check', check: 'true', failure_message: 'no' }],
  ['- { type: delete, connection: DISK, path: old/a.csv }', { type: 'delete', location: 'DISK/old/a.csv' }],
  [
    "- { type: group, steps: [{ log: 'in it' }] }",
    { type: 'group', steps: [{ type: 'log', message: 'in it' }] },
  ],
])('%s', (yaml, hook) => {
  expect(read(yaml)).toEqual([hook]);
});

test('a hook without a type that is told by a key is a mistake', () => {
  expect(() => read('- { id: x, location: a }')).toThrow(/hooks\[0\]: 'type' is missing/);
});
