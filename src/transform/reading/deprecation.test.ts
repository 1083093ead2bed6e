import { expect, test } from 'vitest';
import { readFiles } from '../testing/temporary-project.fixture.ts';
import { deprecationWarnings } from './deprecation.ts';

const files = {
  'models/dim_v1.sql': 'select 1 as id',
  'models/dim_v2.sql': 'select 1 as id',
  'models/reader.sql': "select * from {{ ref('dim', v=1) }}",
  'models/schema.yml':
    'models: [{ name: dim, deprecation_date: 2020-01-01, versions: [{ v: 1, deprecation_date: 2030-06-01 }, { v: 2 }] }]',
};

test('those who read what will go are told, and what is newer', async () => {
  const { manifest } = await readFiles(files);
  const warnings = deprecationWarnings(manifest, Date.parse('2029-01-01'));
  expect(warnings).toEqual([
    {
      message:
        '"dim.v1", which "reader" reads, will go by 2030-06-01T00:00:00+00:00: ref(\'dim\', v=2) is newer',
      origin: { file: 'transform/models/reader.sql', line: 1, column: 21 },
    },
  ]);
});

test('from its date on the model is told, too', async () => {
  const { manifest } = await readFiles(files);
  const [first, second] = deprecationWarnings(manifest, Date.parse('2031-01-01'));
  expect(first).toEqual({
    message:
      'the model "dim.v1" was to go by 2030-06-01T00:00:00+00:00: remove it, or set a later deprecation_date',
    origin: { file: 'transform/models/dim_v1.sql' },
  });
  expect(second?.message).toContain('was to go by');
});
