import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../test/support/postgres-database.ts';
import type { Connection } from '../connector/connection.ts';
import { MillraceError } from '../core/errors.ts';
import type { TransformProject } from './project.ts';
import { type Files, readFiles } from './testing/temporary-project.fixture.ts';
import {
  databaseOf,
  type LogLine,
  openDuckdb,
  openPostgres,
  runAll,
  runNode,
} from './testing/transform-runner.fixture.ts';

const systems = ['duckdb', 'postgres'] as const;

describe.each(systems)('on %s', (dialectName) => {
  let connection: Connection;
  let server: TestDatabase | undefined;

  beforeAll(async () => {
    server = dialectName === 'postgres' ? await createTestDatabase() : undefined;
    connection = server ? await openPostgres(server.url) : await openDuckdb();
    await execute('create schema lab');
  });

  afterEach(async () => {
    await execute('drop schema lab cascade');
    await execute('create schema lab');
  });

  afterAll(async () => {
    await connection.close();
    await server?.drop();
  });

  const execute = (sql: string): Promise<number> => databaseOf(connection).execute(sql);
  const read = (files: Files): Promise<TransformProject> => readFiles(files, { dialectName, schema: 'lab' });
  const rows = async (sql: string): Promise<unknown[][]> =>
    (await databaseOf(connection).query(sql)).rows.map((row) =>
      row.map((value) => (typeof value === 'bigint' ? Number(value) : value)),
    );
  const relations = async (): Promise<unknown[]> =>
    (await databaseOf(connection).list('lab')).map(({ name, type }) => `${name} ${type}`);
  const failureOf = async (work: Promise<unknown>): Promise<MillraceError> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof MillraceError)) throw new Error(`no Millrace error: ${String(error)}`);
    return error;
  };

  test('a view becomes a table and a view again', async () => {
    const as = (kind: string, value: number): Promise<TransformProject> =>
      read({ 'models/m.sql': `{{ config(materialized='${kind}') }} select ${value} as x` });
    const seen: unknown[] = [];
    for (const [kind, value] of [
      ['view', 1],
      ['table', 2],
      ['view', 3],
      ['incremental', 4],
      ['incremental', 5],
    ] as const) {
      await runNode(await as(kind, value), connection, 'm');
      seen.push([
        await relations().then((list) => list.filter((name) => String(name).startsWith('m '))),
        await rows('select x from lab.m order by x'),
      ]);
    }
    expect(seen).toEqual([
      [['m view'], [[1]]],
      [['m table'], [[2]]],
      [['m view'], [[3]]],
      [['m table'], [[4]]],
      [['m table'], [[4], [5]]],
    ]);
  });

  test('a failed build leaves the old table and tells the template line', async () => {
    await runNode(
      await read({ 'models/m.sql': "{{ config(materialized='table') }} select 1 as x" }),
      connection,
      'm',
    );
    const broken = await read({
      'models/m.sql':
        "{{ config(\n  materialized='table'\n) }}\n{# why #}\n{% set n = 3 %}\nselect\n  1 as x,\n  no_such_column\nfrom lab.m",
    });
    const error = await failureOf(runNode(broken, connection, 'm'));
    expect(error).toMatchObject({
      kind: 'config',
      code: 'sql_invalid',
      origin: { file: 'transform/models/m.sql', line: 8 },
    });
    expect(error.message).toContain('no_such_column');
    expect(await rows('select * from lab.m')).toEqual([[1]]);
    expect(await relations()).toEqual(['m table']);
  });

  test('an error in an ephemeral model is told where that was written', async () => {
    const project = await read({
      'models/e.sql': "{{ config(materialized='ephemeral') }}\n\nselect no_such_column",
      'models/m.sql': "select * from {{ ref('e') }}",
    });
    const error = await failureOf(runNode(project, connection, 'm'));
    expect(error.origin).toMatchObject({ file: 'transform/models/e.sql', line: 3 });
    expect(error.message).toContain('transform/models/m.sql');
  });

  test('values that do not fit are a data error', async () => {
    const project = await read({
      'models/m.sql':
        "{{ config(materialized='table') }}\nselect cast(v as integer) as x from (select cast('many' as varchar) as v) as t",
    });
    expect(await failureOf(runNode(project, connection, 'm'))).toMatchObject({ kind: 'data' });
    expect(await relations()).toEqual([]);
  });

  test('what a killed process left beside is cleared away', async () => {
    await execute('create table lab.m__dbt_tmp as select 9 as x');
    const project = await read({ 'models/m.sql': "{{ config(materialized='table') }} select 1 as x" });
    await runNode(project, connection, 'm');
    expect(await relations()).toEqual(['m table']);
  });

  test('an increment that was committed is not added again by the same step', async () => {
    const project = await read({ 'models/m.sql': "{{ config(materialized='incremental') }} select 1 as x" });
    await runNode(project, connection, 'm', { runId: 'first' });
    const repeatedFirst = await runNode(project, connection, 'm', { runId: 'first' });
    expect(repeatedFirst).toMatchObject({ rows: 1, metadata: { repeated: true } });
    await runNode(project, connection, 'm', { runId: 'second' });
    const repeated = await runNode(project, connection, 'm', { runId: 'second' });
    expect(repeated.metadata).toMatchObject({ rowsInserted: 0, repeated: true });
    expect(await rows('select count(*) from lab.m')).toEqual([[2]]);
    await runNode(project, connection, 'm', { runId: 'third' });
    expect(await rows('select count(*) from lab.m')).toEqual([[3]]);
  });

  test('delete+insert takes NULL in a key for a key like any other', async () => {
    const model = (values: string): Promise<TransformProject> =>
      read({
        'models/m.sql': `{{ config(materialized='incremental', unique_key=['a', 'b']) }}
select cast(a as integer) as a, cast(b as varchar) as b, n from (values ${values}) as t (a, b, n)`,
      });
    await runNode(await model("(1, 'x', 1), (1, null, 1), (null, 'x', 1), (2, 'y', 1)"), connection, 'm');
    const outcome = await runNode(await model("(1, null, 2), (2, 'y', 2), (null, null, 2)"), connection, 'm');
    expect(outcome.metadata).toMatchObject({ rowsDeleted: 2, rowsInserted: 3 });
    expect(await rows('select a, b, n from lab.m order by n, a nulls last, b nulls last')).toEqual([
      [1, 'x', 1],
      [null, 'x', 1],
      [1, null, 2],
      [2, 'y', 2],
      [null, null, 2],
    ]);
  });

  test('on_schema_change ignores, refuses or adds columns', async () => {
    const model = (config: string, columns: string): Promise<TransformProject> =>
      read({ 'models/m.sql': `{{ config(materialized='incremental'${config}) }} select ${columns}` });
    await runNode(await model('', '1 as a'), connection, 'm');
    await runNode(await model('', '2 as a, 3 as b'), connection, 'm');
    expect(await rows('select * from lab.m order by a')).toEqual([[1], [2]]);
    const refused = await failureOf(
      runNode(await model(", on_schema_change='fail'", '4 as a, 5 as b'), connection, 'm'),
    );
    expect(refused).toMatchObject({ code: 'columns_changed' });
    expect(refused.message).toContain('new: b');
    await runNode(
      await model(", on_schema_change='append_new_columns'", "6 as a, cast('z' as varchar) as b"),
      connection,
      'm',
    );
    expect(await rows('select a, b from lab.m order by a')).toEqual([
      [1, null],
      [2, null],
      [6, 'z'],
    ]);
    expect(await failureOf(runNode(await model('', '7 as b'), connection, 'm'))).toMatchObject({
      code: 'columns_changed',
    });
  });

  test('hooks run in the transaction, and with transaction false around it', async () => {
    await execute('create table lab.trace (line varchar)');
    const project = await read({
      'dbt_project.yml':
        'name: shop\nmodels:\n  +pre-hook: "insert into lab.trace values (\'tree {{ this.identifier }}\')"\n',
      'models/m.sql': `{{ config(materialized='table',
        pre_hook="insert into lab.trace values ('before')",
        post_hook=["insert into lab.trace select 'rows ' || count(*) from {{ this }}",
          {'sql': "insert into lab.trace values ('outside')", 'transaction': false},
          after_commit("insert into lab.trace values ('after commit')")]) }}
select 1 as x`,
      'models/broken.sql':
        "{{ config(materialized='table', post_hook='select no_such_column') }} select 1 as x",
    });
    await runNode(project, connection, 'm');
    expect(await rows('select line from lab.trace')).toEqual([
      ['tree m'],
      ['before'],
      ['rows 1'],
      ['outside'],
      ['after commit'],
    ]);
    await failureOf(runNode(project, connection, 'broken'));
    expect(await relations()).not.toContain('broken table');
    expect(await rows('select count(*) from lab.trace')).toEqual([[5]]);
  });

  test('templates may ask the warehouse while they run', async () => {
    const project = await read({
      'models/kinds.sql':
        "{{ config(materialized='table') }} select * from (values ('a'), ('b')) as t (kind)",
      'models/m.sql': `
{%- set kinds = [] -%}
{%- if execute -%}
  {%- set kinds = run_query('select kind from ' ~ ref('kinds') ~ ' order by 1').columns[0].values() -%}
{%- endif -%}
-- depends_on: {{ ref('kinds') }}
{% call statement('n', fetch_result=True) %}select count(*) from {{ ref('kinds') }}{% endcall %}
{% set n = load_result('n')['data'][0][0] if execute else 0 %}
select {{ n }} as n
{%- for kind in kinds %}, '{{ kind }}' as kind_{{ kind }}{% endfor %}
{%- for column in adapter.get_columns_in_relation(ref('kinds')) %}, '{{ column.name }}' as seen{% endfor %}
, {{ 'true' if load_relation(this) is none else 'false' }} as is_first
{% do log('built for ' ~ target.type, info=true) %}`,
    });
    const log: LogLine[] = [];
    await runNode(project, connection, 'kinds');
    await runNode(project, connection, 'm', { log });
    expect(await rows('select * from lab.m')).toEqual([[2, 'a', 'b', 'kind', true]]);
    expect(log).toContainEqual({ level: 'info', message: `built for ${dialectName}` });
    expect(log.some((line) => line.level === 'debug' && line.message.includes("'a' as kind_a"))).toBe(true);
  });

  test('a ref that only shows at run time is refused with the line to add', async () => {
    const project = await read({
      'models/a.sql': 'select 1 as x',
      'models/m.sql': "select 1 as x {% if execute %} from {{ ref('a') }} {% endif %}",
    });
    expect(await failureOf(runNode(project, connection, 'm'))).toMatchObject({
      code: 'ref_unplanned',
      next: "Add this line to the template: -- depends_on: {{ ref('a') }}",
    });
  });

  test('run_started_at is one moment for the whole run', async () => {
    const moment = '{{ run_started_at.timestamp() }}';
    const project = await read({
      'models/a.sql': `{{ config(materialized='table') }} select '${moment}' as x`,
      'models/b.sql': `select '${moment}' as x from {{ ref('a') }}`,
    });
    await runAll(project, connection);
    expect(await rows('select count(*) from lab.a join lab.b on a.x = b.x')).toEqual([[1]]);
  });

  test('numbers of queries keep their digits', async () => {
    const query =
      'select 1.10 as a, 12345678901234567890.12 as b, cast(2 as float) as c, 3 as d, cast(4 as decimal(9, 0)) as e';
    const project = await read({
      'models/m.sql': `{% set row = run_query("${query}").rows[0] %}{% if execute %}
        select '{{ row | join("|") }}' as x, '{{ row.a + 1 }}|{{ row.e * 2 }}|{{ row.c / 4 }}|{{ -row.a }}|{{ row.e // 3 }}|{{ row.a | round(1) }}|{{ row.e | int }}|{{ row.e == 4 }}|{{ range(row.e) | length }}' as y
        {% else %} select 1 {% endif %}`,
    });
    await runNode(project, connection, 'm');
    expect(await rows('select x, y from lab.m')).toEqual([
      ['1.10|12345678901234567890.12|2.0|3|4', '2.10|8|0.5|-1.10|1|1.1|4|True|4'],
    ]);
  });

  test('a temporary table has columns', async () => {
    const project = await read({
      'macros/look.sql': `{% macro look() %}{% if execute %}
        {% do run_query("create temporary table looked as select 1 as a, 'x' as b") %}
        {% set found = api.Relation.create(identifier='looked') %}
        insert into {{ this }} select '{{ adapter.get_columns_in_relation(found) | map(attribute="name") | join("+") }}'
        {% do run_query('drop table looked') %}{% endif %}{% endmacro %}`,
      'models/m.sql': "{{ config(materialized='table', post_hook='{{ look() }}') }} select 'seen' as x",
    });
    await runNode(project, connection, 'm');
    expect(await rows('select x from lab.m order by x')).toEqual([['a+b'], ['seen']]);
  });

  test('what a hook refers to is built before', async () => {
    const project = await read({
      'macros/note.sql':
        "{% macro note() %}insert into {{ this }} select x from {{ ref('later') }}{% endmacro %}",
      'models/a.sql': "{{ config(materialized='table', post_hook='{{ note() }}') }} select 1 as x",
      'models/later.sql': 'select 7 as x',
    });
    await runAll(project, connection);
    expect(await rows('select x from lab.a order by x')).toEqual([[1], [7]]);
  });

  test('a source that only shows at run time is read, as in dbt', async () => {
    await execute('create table lab.t as select 7 as x');
    const project = await read({
      'models/s.yml': 'sources: [{ name: lab, tables: [{ name: t }] }]\n',
      'models/m.sql':
        "select 1 as x {% if execute %} union all select x from {{ source('lab', 't') }} {% endif %}",
    });
    await runNode(project, connection, 'm');
    expect(await rows('select x from lab.m order by x')).toEqual([[1], [7]]);
  });

  test('tests obey where, limit, fail_calc, warn_if and error_if', async () => {
    await execute(
      "create table lab.t as select * from (values (1, 'x'), (1, 'y'), (2, 'x'), (null, 'x')) as t (id, kind)",
    );
    const project = await read({
      'models/s.yml': `
sources:
  - name: lab
    tables:
      - name: t
        columns:
          - name: id
            tests:
              - unique: {name: unique_x, config: {where: "kind = 'x'"}}
              - not_null: {name: few_nulls, warn_if: ">0", error_if: ">1"}
              - not_null: {name: nulls_warn, severity: warn}
              - unique: {name: all_rows, fail_calc: sum(n_records)}
              - accepted_values: {name: limited, values: [7], quote: false, limit: 1}
`,
    });
    const outcome = async (name: string): Promise<unknown> =>
      (await runNode(project, connection, `check/${name}`)).check;
    expect(await outcome('unique_x')).toEqual({ passed: true, failures: 0, message: 'passed' });
    expect(await outcome('few_nulls')).toMatchObject({
      passed: true,
      failures: 1,
      message: expect.stringMatching(/^warn: /),
    });
    expect(await outcome('nulls_warn')).toMatchObject({
      passed: false,
      failures: 1,
      message: 'warn: 1 failing row, such as id=null',
    });
    expect(await outcome('all_rows')).toMatchObject({ passed: false, failures: 2 });
    expect(await outcome('limited')).toMatchObject({ passed: false, failures: 1 });
  });

  test('rows that are short or blank are loaded as dbt does on that database', async () => {
    const files = { 'seeds/one.csv': 'a\n1\n\n3\n', 'seeds/two.csv': 'a,b\n1,x\n\n2,y\n' };
    await runNode(await read(files), connection, 'one');
    await runNode(await read(files), connection, 'two');
    expect(await rows('select a from lab.one order by a nulls first')).toEqual([[null], [1], [3]]);
    const blank = dialectName === 'postgres' ? [[null, null]] : [];
    expect(await rows('select a, b from lab.two order by a nulls first')).toEqual([
      ...blank,
      [1, 'x'],
      [2, 'y'],
    ]);
    const short = runNode(
      await read({
        'seeds/s.csv': 'A,"""Default"""\n1\n',
        'dbt_project.yml': 'name: shop\nseeds: {+quote_columns: false}\n',
      }),
      connection,
      's',
    );
    if (dialectName === 'postgres') {
      await short;
      expect(await rows('select a, "Default" from lab.s')).toEqual([[1, null]]);
    } else {
      expect((await failureOf(short)).message).toContain('the row has 1 fields');
    }
  });

  test('SQL that a macro gave and that is refused is told at the macro’s call', async () => {
    const files = {
      'macros/m.sql': '{% macro columns() %}\n  1 as x,\n  nope\n{% endmacro %}',
      'models/a.sql': 'select\n{{ columns() }}\nfrom (select 2 as y) as t',
    };
    const failure = await failureOf(runNode(await read(files), connection, 'a'));
    expect(failure.origin).toEqual({ file: 'transform/models/a.sql', line: 2 });
  });

  test('a hook sees what its model has just made', async () => {
    await execute('create table lab.trace (note text)');
    const files = {
      'macros/m.sql':
        "{% macro look() %}{% if execute %}{% set found = adapter.get_relation(this.database, this.schema, this.identifier) %}insert into lab.trace values ('{{ found is not none }}'){% endif %}{% endmacro %}",
      'models/a.sql': "{{ config(materialized='table', post_hook='{{ look() }}') }} select 1 as x",
    };
    await runNode(await read(files), connection, 'a');
    expect(await rows('select note from lab.trace')).toEqual([['True']]);
  });

  test('a hook is rendered once', async () => {
    await execute('create table lab.trace (note text)');
    const files = {
      'macros/m.sql':
        '{% macro note() %}{% if execute %}{% do run_query("insert into lab.trace values (\'x\')") %}{% endif %}{% endmacro %}',
      'models/a.sql': "{{ config(materialized='table', post_hook='{{ note() }}') }} select 1 as x",
    };
    await runNode(await read(files), connection, 'a');
    expect(await rows('select count(*) from lab.trace')).toEqual([[1]]);
  });

  test('days and moments that a query gives are Python’s', async () => {
    const files = {
      'models/a.sql': `{% set found = run_query("select cast('2024-02-03' as date) as d, cast('2024-02-03 04:05:06.789012' as timestamp) as t") %}
select '{{ found.columns.d.values()[0].strftime("%d.%m.") if execute }}' as d, '{{ found.columns.t.values()[0] if execute }}' as t`,
    };
    await runNode(await read(files), connection, 'a');
    expect(await rows('select d, t from lab.a')).toEqual([['03.02.', '2024-02-03 04:05:06.789012']]);
  });

  test('a seed that does not fit is refused with its line, and the old one stays', async () => {
    await runNode(
      await read({
        'seeds/s.csv': 'a;b\n1.0;"x;""y""\n"\n;null\n',
        'dbt_project.yml': 'name: shop\nseeds: {+delimiter: ";"}\n',
      }),
      connection,
      's',
    );
    expect(await rows('select a, b from lab.s order by a nulls last')).toEqual([
      [1, 'x;"y"\n'],
      [null, dialectName === 'postgres' ? null : 'null'],
    ]);
    const ragged = await failureOf(
      runNode(await read({ 'seeds/s.csv': 'a,b\n1,2\n3,4,5\n' }), connection, 's'),
    );
    expect(ragged).toMatchObject({
      code: 'seed_invalid',
      origin: { file: 'transform/seeds/s.csv', line: 3 },
    });
    const typed = await failureOf(
      runNode(
        await read({
          'seeds/s.csv': 'a\nx\n',
          'seeds/s.yml': 'seeds: [{name: s, config: {column_types: {a: integer}}}]',
        }),
        connection,
        's',
      ),
    );
    expect(typed).toMatchObject({ code: 'seed_invalid', state: 'The table is as it was.' });
    expect(await rows('select count(*) from lab.s')).toEqual([[2]]);
  });

  test('models side by side do not trip over one another', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `m${index}`);
    const project = await read({
      'dbt_project.yml': 'name: shop\nmodels: {+materialized: incremental, +schema: many}\n',
      ...Object.fromEntries(names.map((name) => [`models/${name}.sql`, 'select 1 as x'])),
    });
    for (const runId of ['one', 'two', 'three']) {
      await Promise.all(names.map((name) => runNode(project, connection, `many/${name}`, { runId })));
    }
    for (const name of names) expect(await rows(`select count(*) from lab_many.${name}`)).toEqual([[3]]);
    await execute('drop schema lab_many cascade');
  });

  test('readers see the whole old table or the whole new one', async () => {
    const series = dialectName === 'duckdb' ? 'range(1, 50001)' : 'generate_series(1, 50000)';
    const model = (value: number): Promise<TransformProject> =>
      read({
        'models/m.sql': `{{ config(materialized='table') }} select ${value} as x from ${series} as t (n)`,
      });
    await runNode(await model(1), connection, 'm');
    const rebuilt = await model(2);
    const done = new AbortController();
    const building = runNode(rebuilt, connection, 'm').finally(() => done.abort());
    const seen = new Set<string>();
    while (!done.signal.aborted) {
      const [row] = await rows('select count(*), min(x), max(x) from lab.m');
      seen.add(JSON.stringify(row));
    }
    await building;
    expect(['[50000,1,1]', '[50000,2,2]']).toEqual(expect.arrayContaining([...seen]));
    expect(await rows('select count(*), min(x), max(x) from lab.m')).toEqual([[50_000, 2, 2]]);
  });

  test('names that were compiled for another database are refused before anything runs', async () => {
    const files = { 'models/m.sql': "{{ config(materialized='table') }} select 1 as x" };
    const project = await readFiles(files, { dialectName, schema: 'lab', database: 'elsewhere' });
    const error = await failureOf(runNode(project, connection, 'm'));
    expect(error).toMatchObject({ kind: 'config', code: 'database_mismatch' });
    expect(error.message).toContain('"elsewhere"');
    expect(await relations()).toEqual([]);
  });

  test('a cancelled build leaves nothing', async () => {
    const project = await read({ 'models/m.sql': "{{ config(materialized='table') }} select 1 as x" });
    const error = await failureOf(runNode(project, connection, 'm', { signal: AbortSignal.abort() }));
    expect(error.kind).toBe('cancelled');
    expect(await relations()).toEqual([]);
  });
});
