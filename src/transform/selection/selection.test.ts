import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ManifestArtifact } from '../artifacts/artifact-node.ts';
import { manifestArtifact } from '../artifacts/manifest-artifact.ts';
import { readProjectSelectors } from '../selectors.ts';
import { type Files, temporaryProject, type TemporaryProject } from '../testing/temporary-project.fixture.ts';
import { parseSelectionArguments } from './criterion.ts';
import type { PreviousState } from './previous-state.ts';
import { selectResources } from './select-resources.ts';

const files: Files = {
  'dbt_project.yml':
    'name: shop\nmodels:\n  shop:\n    staging:\n      +tags: stg\n      +meta: { owner: { team: data } }\n',
  'seeds/raw.csv': 'id\n1\n',
  'models/staging/stg.sql':
    "select * from {{ ref('raw') }} union all select id from {{ source('crm', 'people') }}",
  'models/marts/mart.sql':
    "{{ config(materialized='table', group='money', access='public') }} select * from {{ ref('stg') }}",
  'models/marts/other.sql': "select * from {{ ref('stg') }}",
  'models/marts/end.sql': "select * from {{ ref('mart') }}",
  'models/dim_v1.sql': 'select 1 as id',
  'models/dim_v2.sql': 'select 2 as id',
  'models/schema.yml': `
groups: [{ name: money, owner: { name: me } }]
sources: [{ name: crm, schema: main, tables: [{ name: people, columns: [{ name: id, data_tests: [unique] }] }] }]
models:
  - name: stg
    columns: [{ name: id, tags: [key], data_tests: [not_null, { relationships: { to: ref('raw'), field: id, severity: warn } }] }]
  - name: dim
    latest_version: 1
    versions: [{ v: 1 }, { v: 2 }]
exposures: [{ name: board, type: dashboard, owner: { name: me, email: me@shop.test }, depends_on: ["ref('end')"] }]
unit_tests: [{ name: one, model: other, given: [{ input: ref('stg'), rows: [{ id: 1 }] }], expect: { rows: [{ id: 1 }] }, config: { tags: [given] } }]
`,
  'tests/none.sql': "select * from {{ ref('mart') }} where false",
  'selectors.yml': `
selectors:
  - { name: tagged, definition: { method: tag, value: stg, children: true, children_depth: 1 } }
  - name: rest
    default: true
    definition: { union: [{ method: selector, value: tagged }, fqn:dim, { exclude: [other, test_type:unit] }] }
  - { name: both, definition: { intersection: [tag:stg, path:models/staging] } }
`,
};

let project: TemporaryProject;
let manifest: ManifestArtifact;
const invocation = { id: 'test', atMs: 0, environment: {} };
beforeAll(async () => {
  project = await temporaryProject(files);
  manifest = manifestArtifact({
    manifest: (await project.read()).manifest,
    invocation,
    root: project.folder,
  });
});
afterAll(() => project.drop());

function names(ids: readonly string[]): readonly string[] {
  return ids
    .map((id) =>
      id
        .split('.')
        .slice(2)
        .join('.')
        .replace(/\.[0-9a-f]{10}$/, ''),
    )
    .toSorted();
}

function select(
  given: readonly string[],
  options: { exclude?: string; indirect?: 'cautious' | 'buildable' | 'empty'; previous?: PreviousState } = {},
): readonly string[] {
  const spec = parseSelectionArguments(
    given,
    options.exclude ? [options.exclude] : [],
    options.indirect ?? 'eager',
  );
  return names(
    selectResources({ manifest, spec, previous: options.previous, root: project.folder, warn: () => {} }),
  );
}

const testsOfStg = ['not_null_stg_id', 'relationships_stg_id__id__ref_raw_'];

test.each<[string, readonly string[]]>([
  ['stg', [...testsOfStg, 'stg']],
  ['1+mart', ['mart', 'none', 'stg', ...testsOfStg].toSorted()],
  ['mart+', ['board', 'end', 'mart', 'none']],
  ['mart+1', ['end', 'mart', 'none']],
  ['+other,tag:stg', [...testsOfStg, 'stg']],
  ['other end', ['end', 'other', 'other.one']],
  ['source:crm', ['crm.people', 'source_unique_crm_people_id']],
  ['source:shop.crm.people', ['crm.people', 'source_unique_crm_people_id']],
  ['config.materialized:table', ['mart', 'none']],
  ['config.meta.owner.team:data', [...testsOfStg, 'stg']],
  ['config.severity:WARN', ['relationships_stg_id__id__ref_raw_']],
  ['group:money', ['mart', 'none']],
  ['access:public', ['mart', 'none']],
  ['path:models/marts', ['end', 'mart', 'none', 'other', 'other.one']],
  ['models/marts/o*', ['other', 'other.one']],
  ['mart.sql', ['mart', 'none']],
  ['shop.marts.*', ['end', 'mart', 'none', 'other', 'other.one']],
  ['test_type:singular', ['none']],
  ['test_type:unit', ['other.one']],
  ['test_name:not_*', ['not_null_stg_id']],
  ['exposure:board', ['board']],
  ['resource_type:seed', ['raw', 'relationships_stg_id__id__ref_raw_']],
  ['version:latest', ['dim.v1']],
  ['version:prerelease', ['dim.v2']],
  ['dim', ['dim.v1', 'dim.v2']],
  ['dim.v2', ['dim.v2']],
  ['package:this,tag:key', testsOfStg],
  ['unit_test:one', ['other.one']],
  ['tag:given', ['other.one']],
  ['marts.m?rt', ['mart', 'none']],
])('%s', (text, expected) => {
  expect(select([text])).toEqual(expected);
});

test('"@" takes what is downstream with everything that it is built from', () => {
  expect(select(['@end'], { indirect: 'empty' })).toEqual([
    'board',
    'crm.people',
    'end',
    'mart',
    'raw',
    'stg',
  ]);
});

test('what is excluded takes its tests with it', () => {
  expect(select([], { exclude: 'stg+' })).toEqual([
    'crm.people',
    'dim.v1',
    'dim.v2',
    'raw',
    'source_unique_crm_people_id',
  ]);
});

test.each<['cautious' | 'buildable' | 'empty', string, readonly string[]]>([
  ['cautious', 'stg', ['not_null_stg_id', 'stg']],
  ['cautious', 'stg raw', ['not_null_stg_id', 'raw', 'relationships_stg_id__id__ref_raw_', 'stg']],
  ['buildable', 'stg', ['not_null_stg_id', 'relationships_stg_id__id__ref_raw_', 'stg']],
  ['buildable', 'raw', ['raw']],
  ['empty', 'stg', ['stg']],
])('indirect selection %s of %s', (indirect, text, expected) => {
  expect(select([text], { indirect })).toEqual(expected);
});

test.each<[string, string]>([
  ['foo:bar', 'is no method of selection'],
  ['tga:x', 'did you mean "tag"'],
  ['@a+', '"@" before and "+" behind'],
  ['test_type:x', 'the types are'],
  ['version:x', 'latest, prerelease, old or none'],
  ['state:new', 'needs the manifest.json'],
  ['result:error', 'needs the run_results.json'],
  ['source_status:fresher', 'needs the sources.json'],
])('%s is refused', (text, message) => {
  expect(() => select([text])).toThrow(message);
});

test('a term that fits nothing is warned of', () => {
  const warnings: string[] = [];
  const spec = parseSelectionArguments(['nothing', 'stg'], [], 'eager');
  selectResources({ manifest, spec, root: project.folder, warn: (message) => warnings.push(message) });
  expect(warnings).toEqual(['the selection "nothing" fits nothing']);
});

describe('selectors.yml', () => {
  test('inherits, excludes and intersects', async () => {
    const selectors = await readProjectSelectors(await project.read(), 'eager');
    const found = selectors.map(({ spec, name }): [string, readonly string[]] => [
      name,
      names(selectResources({ manifest, spec, root: project.folder, warn: () => {} })),
    ]);
    expect(Object.fromEntries(found)).toEqual({
      tagged: ['mart', ...testsOfStg, 'other', 'other.one', 'stg', 'none'].toSorted(),
      rest: ['dim.v1', 'dim.v2', 'mart', ...testsOfStg, 'stg', 'none'].toSorted(),
      both: [...testsOfStg, 'stg'],
    });
    expect(selectors.find(({ isDefault }) => isDefault)?.name).toBe('rest');
  });

  test.each<[string, string]>([
    ['{ method: selector, value: nobody }', 'there is no selector "nobody" before this one'],
    ['{ union: [a], intersection: [b] }', 'nothing else may stand'],
    ['{ method: tag }', 'needs "method" and "value"'],
    ['{ tga: x }', 'did you mean "tag"'],
    ['{ method: tag, value: x, indirect_selection: no }', 'indirect_selection'],
  ])('%s is told with its place', async (definition, message) => {
    const wrong = await temporaryProject({
      ...files,
      'selectors.yml': `selectors:\n  - name: bad\n    definition: ${definition}\n`,
    });
    try {
      const reading = readProjectSelectors(await wrong.read(), 'eager');
      await expect(reading).rejects.toMatchObject({
        issues: [{ message: expect.stringContaining(message), origin: { file: 'selectors.yml', line: 2 } }],
      });
    } finally {
      await wrong.drop();
    }
  });
});

describe('compared with an earlier run', () => {
  async function changed(change: Files): Promise<PreviousState> {
    const before = await temporaryProject({ ...files, ...change });
    try {
      const other = (await before.read()).manifest;
      return { manifest: manifestArtifact({ manifest: other, invocation, root: before.folder }) };
    } finally {
      await before.drop();
    }
  }

  test('nothing differs from itself', async () => {
    expect(select(['state:modified'], { previous: await changed({}) })).toEqual([]);
    expect(select(['state:new'], { previous: await changed({}) })).toEqual([]);
  });

  test('a changed text, configuration, relation or seed is modified, each in its own way', async () => {
    const previous = await changed({
      'models/marts/other.sql': "select 1 as id from {{ ref('stg') }}",
      'models/marts/end.sql':
        "{{ config(materialized='table', alias='ende') }} select * from {{ ref('mart') }}",
      'seeds/raw.csv': 'id\n2\n',
    });
    expect(select(['state:modified.body'], { previous, indirect: 'empty' })).toEqual(['end', 'other', 'raw']);
    expect(select(['state:modified.configs'], { previous, indirect: 'empty' })).toEqual(['end']);
    expect(select(['state:modified.relation'], { previous, indirect: 'empty' })).toEqual(['end']);
    expect(select(['state:modified'], { previous, indirect: 'empty' })).toEqual(['end', 'other', 'raw']);
  });

  test('a macro that changed modifies what calls it, however indirectly', async () => {
    const macros = (text: string): Files => ({
      'macros/m.sql': `{% macro outer() %}{{ inner() }}{% endmacro %}{% macro inner() %}${text}{% endmacro %}`,
      'models/marts/end.sql': "select {{ outer() }} as id from {{ ref('mart') }}",
    });
    const now = await temporaryProject({ ...files, ...macros('1') });
    try {
      const current = manifestArtifact({
        manifest: (await now.read()).manifest,
        invocation,
        root: now.folder,
      });
      const spec = parseSelectionArguments(['state:modified.macros'], [], 'empty');
      const previous = await changed(macros('2'));
      const found = selectResources({ manifest: current, spec, previous, root: now.folder, warn: () => {} });
      expect(found).toEqual(['model.shop.end']);
    } finally {
      await now.drop();
    }
  });

  test('results and sources of then', () => {
    const sources = (at: string): NonNullable<PreviousState['sources']> => ({
      results: [{ unique_id: 'source.shop.crm.people', max_loaded_at: at }],
    });
    const previous: PreviousState = {
      statuses: new Map([['model.shop.mart', 'error']]),
      sources: sources('2024-01-01T00:00:00+00:00'),
      currentSources: sources('2024-01-02T00:00:00+00:00'),
    };
    expect(select(['result:error+'], { previous, indirect: 'empty' })).toEqual([
      'board',
      'end',
      'mart',
      'none',
    ]);
    expect(select(['source_status:fresher'], { previous, indirect: 'empty' })).toEqual(['crm.people']);
    const same = { ...previous, currentSources: previous.sources };
    expect(select(['source_status:fresher'], { previous: same })).toEqual([]);
  });
});
