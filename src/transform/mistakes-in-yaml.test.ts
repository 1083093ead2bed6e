import { expect, test } from 'vitest';
import { type Files, mistakesOf } from './testing/temporary-project.fixture.ts';

const one = { 'models/orders.sql': 'select 1 as id' };
const properties = (text: string): Files => ({ ...one, 'models/s.yml': text });

/** A mistake, the place that is named, the beginning of what is said, and the files. */
const cases: readonly (readonly [string, string, string, Files])[] = [
  [
    'tab indent',
    'models/s.yml:2',
    'not valid YAML: Tabs are not allowed as',
    properties('models:\n\t- name: orders\n'),
  ],
  [
    'unclosed quote',
    'models/s.yml:3',
    'not valid YAML: Missing closing "quote',
    properties('models:\n  - name: "orders\n'),
  ],
  [
    'duplicate key',
    'models/s.yml:4',
    'not valid YAML: Map keys must be unique',
    properties('models:\n  - name: orders\n    description: a\n    description: b\n'),
  ],
  [
    'two documents',
    'models/s.yml:2',
    'not valid YAML: Source contains multiple',
    properties('models: []\n---\nmodels: []\n'),
  ],
  [
    'unknown anchor',
    'models/s.yml:2',
    'there is no &nobody before *nobody',
    properties('models:\n  - *nobody\n'),
  ],
  [
    'top is list',
    'models/s.yml:1',
    'the file: Invalid input: expected object,',
    properties('- name: orders\n'),
  ],
  [
    'top key misspelt',
    'models/s.yml:1',
    'unknown key "modles"; did you mean "models"?',
    properties('modles:\n  - name: orders\n'),
  ],
  [
    'models is map',
    'models/s.yml:1',
    '"models": Invalid input: expected array,',
    properties('models:\n  name: orders\n'),
  ],
  [
    'model without name',
    'models/s.yml:2',
    '"models.0.name": Invalid input: expected',
    properties('models:\n  - description: x\n'),
  ],
  [
    'name is number',
    'models/s.yml:2',
    '"models.0.name": Invalid input: expected',
    properties('models:\n  - name: 5\n'),
  ],
  [
    'columns is map',
    'models/s.yml:3',
    '"models.0.columns": Invalid input: expected',
    properties('models:\n  - name: orders\n    columns:\n      id: {}\n'),
  ],
  [
    'column without name',
    'models/s.yml:4',
    '"models.0.columns.0.name": Invalid input:',
    properties('models:\n  - name: orders\n    columns:\n      - description: x\n'),
  ],
  [
    'tests is text',
    'models/s.yml:5',
    '"models.0.columns.0.tests": Invalid input:',
    properties('models:\n  - name: orders\n    columns:\n      - name: id\n        tests: unique\n'),
  ],
  [
    'both tests and data_tests',
    'models/s.yml:3',
    'there are both "tests" and "data_tests", which',
    properties('models:\n  - name: orders\n    tests: [unique]\n    data_tests: [unique]\n'),
  ],
  [
    'severity wrong',
    'models/s.yml:6',
    'the configuration "severity" is "bad": Invalid',
    properties(
      'models:\n  - name: orders\n    columns:\n      - name: id\n        tests:\n          - unique: {config: {severity: bad}}\n',
    ),
  ],
  [
    'tags number',
    'models/s.yml:3',
    'the configuration "tags" is [{"a":1}]: Invalid',
    properties('models:\n  - name: orders\n    config: {tags: {a: 1}}\n'),
  ],
  [
    'enabled text',
    'models/s.yml:3',
    'the configuration "enabled" is "maybe": Invalid',
    properties('models:\n  - name: orders\n    config: {enabled: maybe}\n'),
  ],
  [
    'yaml template broken',
    'models/s.yml:3',
    "Unexpected '}', expected ')'",
    properties('models:\n  - name: orders\n    description: "{{ nobody( }}"\n'),
  ],
  [
    'yaml template undefined',
    'models/s.yml:3',
    "'nobody' is undefined",
    properties('models:\n  - name: orders\n    config: {enabled: "{{ nobody }}"}\n'),
  ],
  [
    'doc missing',
    'models/s.yml:3',
    'there is no docs block "nowhere"',
    properties('models:\n  - name: orders\n    description: "{{ doc(\'nowhere\') }}"\n'),
  ],
  [
    'described twice',
    'models/t.yml:2',
    '"orders" is described twice; first in',
    { ...one, 'models/s.yml': 'models: [{name: orders}]\n', 'models/t.yml': 'models:\n  - name: orders\n' },
  ],
  [
    'source twice',
    'models/s.yml:5',
    'the source table "s.t" is declared twice; first',
    properties('sources:\n  - name: s\n    tables: [{name: t}]\n  - name: s\n    tables: [{name: t}]\n'),
  ],
  [
    'source table without name',
    'models/s.yml:4',
    '"sources.0.tables.0.name": Invalid input:',
    properties('sources:\n  - name: s\n    tables:\n      - identifier: t\n'),
  ],
  [
    'freshness period',
    'models/s.yml:3',
    '"sources.0.freshness.warn_after.period":',
    properties(
      'sources:\n  - name: s\n    freshness: {warn_after: {count: 1, period: week}}\n    loaded_at_field: x\n    tables: [{name: t}]\n',
    ),
  ],
  [
    'freshness count',
    'models/s.yml:3',
    '"sources.0.freshness.warn_after.count": Invalid',
    properties(
      'sources:\n  - name: s\n    freshness: {warn_after: {count: many, period: day}}\n    loaded_at_field: x\n    tables: [{name: t}]\n',
    ),
  ],
  [
    'exposure no type',
    'models/s.yml:2',
    '"exposures.0.type": Invalid option: expected',
    properties(
      'exposures:\n  - name: e\n    owner: {name: n, email: e@x}\n    depends_on: [ref("orders")]\n',
    ),
  ],
  [
    'exposure bad ref',
    'models/s.yml:6',
    'ref("nobody"): there is no such model or seed',
    properties(
      'exposures:\n  - name: e\n    type: dashboard\n    owner: {name: n, email: e@x}\n    depends_on:\n      - ref("nobody")\n',
    ),
  ],
  [
    'exposure type wrong',
    'models/s.yml:3',
    '"exposures.0.type": Invalid option: expected',
    properties(
      'exposures:\n  - name: e\n    type: dash\n    owner: {name: n, email: e@x}\n    depends_on: []\n',
    ),
  ],
  [
    'group without owner',
    'models/s.yml:2',
    '"groups.0.owner": Invalid input: expected',
    properties('groups:\n  - name: g\n'),
  ],
  [
    'unknown group',
    'models/s.yml:3',
    'there is no group "nobody"',
    properties('models:\n  - name: orders\n    group: nobody\n'),
  ],
  [
    'access wrong',
    'models/s.yml:3',
    '"access" is private, protected, public, not',
    properties('models:\n  - name: orders\n    access: secret\n'),
  ],
  [
    'private ref',
    'models/b.sql:2',
    'b reads orders, which is private to the group',
    {
      ...one,
      'models/b.sql': "select *\nfrom {{ ref('orders') }}",
      'models/s.yml':
        'groups: [{name: g, owner: {name: o}}]\nmodels:\n  - name: orders\n    group: g\n    access: private\n',
    },
  ],
  [
    'contract without columns',
    'models/s.yml:2',
    'orders: an enforced contract needs its columns',
    properties('models:\n  - name: orders\n    config: {contract: {enforced: true}}\n'),
  ],
  [
    'contract without type',
    'models/s.yml:2',
    'orders: an enforced contract needs a data_type',
    properties(
      'models:\n  - name: orders\n    config: {contract: {enforced: true}}\n    columns:\n      - name: id\n',
    ),
  ],
  [
    'constraint type',
    'models/s.yml:2',
    'orders: "nothing" is no constraint: there are',
    properties(
      'models:\n  - name: orders\n    config: {contract: {enforced: true}}\n    columns:\n      - name: id\n        data_type: int\n        constraints: [{type: nothing}]\n',
    ),
  ],
  [
    'latest version unknown',
    'models/s.yml:3',
    'latest_version is 3, which is none of the',
    {
      'models/orders_v1.sql': 'select 1 as id',
      'models/s.yml': 'models:\n  - name: orders\n    latest_version: 3\n    versions:\n      - v: 1\n',
    },
  ],
  [
    'ref to version missing',
    'models/b.sql:2',
    'ref("orders", v=9): the model has no such',
    {
      'models/orders_v1.sql': 'select 1 as id',
      'models/s.yml': 'models:\n  - name: orders\n    versions:\n      - v: 1\n',
      'models/b.sql': "select *\nfrom {{ ref('orders', v=9) }}",
    },
  ],
  [
    'unit test unknown model',
    'models/s.yml:3',
    'the unit test "u" is for "nobody", which is no',
    properties('unit_tests:\n  - name: u\n    model: nobody\n    given: []\n    expect: {rows: []}\n'),
  ],
  [
    'unit test unknown input',
    'models/s.yml:5',
    'ref("nobody"): there is no such model or seed',
    properties(
      'unit_tests:\n  - name: u\n    model: orders\n    given:\n      - input: ref("nobody")\n        rows: []\n    expect: {rows: []}\n',
    ),
  ],
  [
    'unit test no expect',
    'models/s.yml:2',
    '"unit_tests.0.expect": Invalid input: expected',
    properties('unit_tests:\n  - name: u\n    model: orders\n    given: []\n'),
  ],
  [
    'unit test fixture missing',
    'models/s.yml:5',
    'there is no fixture "nowhere"',
    properties(
      'unit_tests:\n  - name: u\n    model: orders\n    given: []\n    expect: {format: csv, fixture: nowhere}\n',
    ),
  ],
  [
    'snapshot yaml no relation',
    'models/s.yml:2',
    'the snapshot "s" has no "relation", and there',
    properties('snapshots:\n  - name: s\n    config: {strategy: check, unique_key: id, check_cols: all}\n'),
  ],
];

test.each(cases)('in YAML: %s', async (_, place, says, files) => {
  const mistakes = await mistakesOf(files);
  const [first = ''] = mistakes;
  expect(first.startsWith(`transform/${place}`), first).toBe(true);
  expect(first).toContain(says);
  for (const mistake of mistakes) expect(mistake).toMatch(/^transform\/[^:]+:\d+/);
});
