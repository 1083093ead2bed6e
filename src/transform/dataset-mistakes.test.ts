import { describe, expect, test } from 'vitest';
import { type Files, mistakesOf } from './testing/temporary-project.fixture.ts';

describe('is a mistake', () => {
  const cleaning: Files = {
    'datasets.yml': 'datasets: { database: { folders: [models/cleaning], values: [eu, us] } }',
    'models/cleaning/orders.sql': 'select 1 as id',
    'models/once.sql': 'select 1 as id',
  };
  const told = (datasetsFile: string): Promise<readonly string[]> =>
    mistakesOf({ ...cleaning, 'datasets.yml': datasetsFile });

  test.each([
    [
      'ref to what is built for each',
      "select * from {{ ref('orders') }}",
      'ref("orders"): the model is built for each database (eu, us)',
    ],
    [
      'ref_all of what is built once',
      "select * from {{ ref_all('once') }}",
      'ref_all("once"): the model is built once, not for each dataset',
    ],
    [
      'a dataset that does not exist',
      "select * from {{ ref('orders', database='jp') }}",
      'ref("orders", database="jp"): the model is built for each database (eu, us)',
    ],
    [
      'a model that does not exist',
      "select * from {{ ref_all('ordrs') }}",
      'there is no such model or seed; did you mean "orders"?',
    ],
    [
      'an argument that does not exist',
      "select * from {{ ref_all('orders', name='x') }}",
      'ref_all() takes a model',
    ],
  ])('%s', async (_, sql, message) => {
    const [first, ...others] = await mistakesOf({ ...cleaning, 'models/reader.sql': sql });
    expect(first).toMatch(/models\/reader\.sql:1/);
    expect(first).toContain(message);
    expect(others).toEqual([]);
  });

  test('a template that is wrong for every dataset, told once', async () => {
    const mistakes = await mistakesOf({ ...cleaning, 'models/cleaning/bad.sql': 'select {{ nothing() }}' });
    expect(mistakes).toHaveLength(1);
  });

  test('a table of several datasets', async () => {
    const mistakes = await mistakesOf({
      ...cleaning,
      'macros/names.sql': '{% macro generate_schema_name(custom_schema_name, node) %}one{% endmacro %}',
    });
    expect(mistakes).toEqual([
      expect.stringContaining('"orders" and "orders" would both be built as one.orders'),
    ]);
  });

  test('what datasets.yml says wrong', async () => {
    expect(
      await told('datasets: { database: { folders: [models/cleaning], values: [eu, us, eu] } }'),
    ).toEqual(['transform/datasets.yml:1:53: "eu" is there twice']);
    expect(await told('datasets: { database: { folders: [models/clean], values: [eu] } }')).toEqual([
      'transform/datasets.yml:1:35: the folder "models/clean" holds nothing that could be built for each database',
    ]);
    expect(await told('datasets: { database: { values: [eu] } }')).toEqual([
      expect.stringContaining('says neither "folders" nor "packages"'),
    ]);
    expect(await told('datasets: { database: { folder: [models/cleaning], values: [eu] } }')).toEqual([
      expect.stringContaining('unknown key "folder"; did you mean "folders"?'),
    ]);
    expect(await told('datasets: { database: { folders: [models/cleaning], values: [no, se] } }')).toEqual([
      expect.stringMatching(/^transform\/datasets.yml:1:62: .*words such as no and on need quotes/),
    ]);
    expect(await told('datasets: { database: { folders: [models/cleaning], values: { a-b: } } }')).toEqual([
      expect.stringContaining('"a-b": the name of a dataset is made of letters'),
    ]);
    expect(
      await told('datasets: { database: { folders: [models/cleaning], values: { eu: { scheme: x } } } }'),
    ).toEqual([expect.stringContaining('unknown key "scheme"; did you mean "schema"?')]);
    const twice = await told(
      'datasets: { a: { folders: [models], values: [x] }, b: { folders: [models/cleaning], values: [y] } }',
    );
    expect(twice).toEqual([
      expect.stringContaining('"models" is built for each b, too'),
      expect.stringContaining('"models/cleaning" is built for each a, too'),
    ]);
    expect(await told('datasets: { database: { folders: [models/cleaning] } }')).toEqual([
      expect.stringContaining('"database" has no datasets'),
    ]);
    expect(await told('datasets: { database: { packages: [tools], values: [eu] } }')).toEqual([
      'transform/datasets.yml:1:36: there is no package "tools"',
    ]);
    expect(
      await told(
        'datasets: { database: { folders: [models/cleaning], values: { eu: { schema: s }, us: { schema: s } } } }',
      ),
    ).toEqual([expect.stringContaining('"eu" and "us" are both built in the schema "s"')]);
  });
});
