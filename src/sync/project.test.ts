import { describe, expect, it } from 'vitest';
import { ProjectError } from '../core/errors.ts';
import { explainSync } from './explain.ts';
import { syncNode } from './node.ts';
import { readSync } from './project.ts';

const complete = `
model: customer_lifetime_value
destination: CRM
primary_key: customer_id
fields: { external_id: customer_id, name: cust_name }
endpoints:
  upsert: { method: POST, path: /customers/batch }
  delete: { path: /customers/batch_delete, batch_size: 10 }
rate_limit: { requests: 50 }
max_deletes: 10%
`;

function mistakes(text: string): string[] {
  try {
    readSync(text, 'syncs/crm.yaml');
  } catch (error) {
    if (error instanceof ProjectError) {
      return error.issues.map((issue) => `${issue.origin?.line}: ${issue.code}: ${issue.message}`);
    }
  }
  return [];
}

describe('a sync file', () => {
  it('is read with its defaults', () => {
    expect(readSync(complete, 'syncs/crm.yaml')).toMatchObject({
      name: 'crm',
      primaryKey: ['customer_id'],
      endpoints: {
        upsert: { method: 'POST', path: '/customers/batch', recordsKey: 'records', batchSize: 100 },
        delete: { batchSize: 10 },
      },
      rateLimit: { requests: 50, perSeconds: 1 },
      onDelete: 'delete',
      maxDeletes: { kind: 'share', share: 0.1 },
      onInvalidKey: 'fail',
      maxFailures: 0,
      modelOrigin: { file: 'syncs/crm.yaml', line: 2 },
    });
  });

  it('becomes a node that reads its model', () => {
    const node = syncNode(readSync(complete, 'syncs/crm.yaml'), 'WAREHOUSE');
    expect(node).toMatchObject({ key: 'sync/crm', kind: 'sync', type: 'sync', executor: 'sync' });
    expect(node.edges).toEqual([
      {
        kind: 'reads',
        from: 'customer_lifetime_value',
        origin: { file: 'syncs/crm.yaml', line: 2, column: 8 },
      },
    ]);
  });

  it('is explained with what a run would do', () => {
    const plan = {
      insert: 3,
      update: 2,
      delete: 1,
      calls: 2,
      invalidKeys: { nullRows: 1, duplicateRows: 0 },
    };
    expect(explainSync(readSync(complete, 'syncs/crm.yaml'), plan)).toMatch(
      /external_id <- customer_id[\s\S]*POST \/customers\/batch, 100 records[\s\S]*3 to insert, 2 to update, 1 to delete, in 2 calls[\s\S]*1 rows have no usable key/,
    );
  });

  it.each([
    ['an unknown key', complete.replace('rate_limit', 'rate_limits'), /^9: unknown_key: .*'rate_limit'/],
    [
      'an unknown key of an endpoint',
      complete.replace('path: /customers/batch }', 'pth: /x }'),
      /^7: unknown_key: .*'path'/m,
    ],
    [
      'a key that is not sent',
      complete.replace('primary_key: customer_id', 'primary_key: id'),
      /^4: primary_key_unmapped/,
    ],
    ['half a pair of endpoints', complete.replace('upsert', 'insert'), /^6: endpoints_incomplete/],
    [
      'upsert beside insert',
      complete.replace('  delete', '  insert: { path: /x }\n  delete'),
      /^6: endpoints_incomplete/,
    ],
    ['a share without percent', complete.replace('10%', '0.1'), /^10: invalid_value/],
    ['a field that is there twice', complete.replace('name:', 'EXTERNAL_ID:'), /^5: field_twice/],
    ['no fields', complete.replace(/fields: .*/, 'fields: {}'), /^5: fields_missing/],
    [
      'deletes without an endpoint',
      `${complete.replace(/ {2}delete: .*\n/, '')}on_delete: delete\n`,
      /^10: endpoints_incomplete/,
    ],
    ['a broken file', 'model: [', /yaml_syntax/],
  ])('with %s is refused with its line', (_, text, message) => {
    expect(mistakes(text).join('\n')).toMatch(message);
  });

  it('needs a name that can be a table', () => {
    expect(() => readSync(complete, 'syncs/my sync.yaml')).toThrow(/cannot name a sync/);
  });
});
