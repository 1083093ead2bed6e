import { expect, test } from 'vitest';
import { type Files, mistakesOf } from './testing/temporary-project.fixture.ts';

const one = { 'models/orders.sql': 'select 1 as id' };
const model = (text: string): Files => ({ ...one, 'models/a.sql': text });

/** A mistake, the place that is named, the beginning of what is said, and the files. */
const cases: readonly (readonly [string, string, string, Files])[] = [
  [
    'snapshot no strategy',
    'snapshots/s.sql:1',
    'a snapshot needs the configuration "strategy"',
    {
      ...one,
      'snapshots/s.sql': "{% snapshot s %}{{ config(unique_key='id') }}select 1 as id{% endsnapshot %}",
    },
  ],
  [
    'snapshot no key',
    'snapshots/s.sql:1',
    'a snapshot needs the configuration "unique_key"',
    {
      ...one,
      'snapshots/s.sql':
        "{% snapshot s %}{{ config(strategy='check', check_cols='all') }}select 1 as id{% endsnapshot %}",
    },
  ],
  [
    'snapshot no updated_at',
    'snapshots/s.sql:1',
    'a snapshot with the strategy "timestamp" needs',
    {
      ...one,
      'snapshots/s.sql':
        "{% snapshot s %}{{ config(strategy='timestamp', unique_key='id') }}select 1 as id{% endsnapshot %}",
    },
  ],
  [
    'snapshot unclosed',
    'snapshots/s.sql:2',
    "The template ends inside of 'snapshot' of line",
    {
      ...one,
      'snapshots/s.sql':
        "{% snapshot s %}\n{{ config(strategy='check', unique_key='id', check_cols='all') }}select 1 as id",
    },
  ],
  [
    'endif missing',
    'models/a.sql:2',
    "The template ends inside of 'if' of line 2;",
    model('select 1\n{% if true %} 2'),
  ],
  ['endfor extra', 'models/a.sql:2', "Unknown tag 'endfor'", model('select 1\n{% endfor %}')],
  [
    'expression unclosed',
    'models/a.sql:2',
    "Missing '}}': the template ends inside of this",
    model('select 1,\n{{ 1 + '),
  ],
  [
    'string unclosed',
    'models/a.sql:2',
    'Unexpected a string that does not end',
    model("select 1,\n{{ ref('orders }}"),
  ],
  ['comment unclosed', 'models/a.sql:2', "Missing '#}' of this comment", model('select 1\n{# never')],
  ['raw unclosed', 'models/a.sql:2', "Missing 'endraw' of this 'raw' block", model('select 1\n{% raw %} x')],
  ['unknown tag', 'models/a.sql:2', "The tag 'import' is not supported", model('select 1\n{% import x %}')],
  [
    'unknown filter',
    'models/a.sql:2',
    "There is no filter named 'shout'",
    model("select 1\n{{ 'a' | shout }}"),
  ],
  ['unknown test', 'models/a.sql:2', "There is no test named 'purple'", model('select 1\n{{ 1 is purple }}')],
  ['attribute of undefined', 'models/a.sql:2', "'nobody' is undefined", model('select 1\n{{ nobody.x }}')],
  [
    'call of text',
    'models/a.sql:2',
    "A value of type 'str' cannot be called",
    model("select 1\n{{ 'a'() }}"),
  ],
  ['division by zero', 'models/a.sql:2', 'Division by zero', model('select 1\n{{ 1 / 0 }}')],
  [
    'add text and number',
    'models/a.sql:2',
    "'+' does not apply to values of type 'str' and",
    model("select 1\n{{ 'a' + 1 }}"),
  ],
  [
    'loop over number',
    'models/a.sql:2',
    "A value of type 'int' cannot be iterated",
    model('select 1\n{% for x in 5 %}{% endfor %}'),
  ],
  [
    'endless recursion',
    'macros/f.sql:2',
    'Macros call one another more than 250 deep',
    { ...model('select 1\n{{ f() }}'), 'macros/f.sql': '{% macro f() %}\n{{ f() }}{% endmacro %}' },
  ],
  [
    'macro wrong argument',
    'models/a.sql:2',
    "The macro 'f' takes at most 1 arguments, 2 were",
    { ...model('select 1\n{{ f(1, 2) }}'), 'macros/f.sql': '{% macro f(a) %}{{ a }}{% endmacro %}' },
  ],
  [
    'macro unknown keyword',
    'models/a.sql:2',
    "The macro 'f' has no argument 'b'",
    { ...model('select 1\n{{ f(b=2) }}'), 'macros/f.sql': '{% macro f(a) %}{{ a }}{% endmacro %}' },
  ],
  [
    'macro unclosed',
    'macros/f.sql:2',
    "The template ends inside of 'macro' of line 1;",
    { ...one, 'macros/f.sql': '{% macro f(a) %}\n{{ a }}' },
  ],
  [
    'macro twice',
    'macros/g.sql:2',
    'the macro "f" is defined twice; first in',
    {
      ...one,
      'macros/f.sql': '{% macro f() %}1{% endmacro %}',
      'macros/g.sql': '\n{% macro f() %}1{% endmacro %}',
    },
  ],
  [
    'error in macro',
    'macros/f.sql:2',
    "'nobody' is undefined",
    { ...model('select 1\n{{ f() }}'), 'macros/f.sql': '{% macro f() %}\n{{ nobody.x }}{% endmacro %}' },
  ],
  [
    'dispatch missing',
    'models/a.sql:2',
    'no macro for adapter.dispatch("nothing"): tried',
    model("select 1\n{{ adapter.dispatch('nothing')() }}"),
  ],
  [
    'config wrong type',
    'models/a.sql:2',
    'the configuration "tags" is [5]: Invalid input:',
    model('\n{{ config(tags=5) }} select 1'),
  ],
  [
    'config enabled text',
    'models/a.sql:2',
    'the configuration "enabled" is "maybe": Invalid',
    model("\n{{ config(enabled='maybe') }} select 1"),
  ],
  [
    'config positional',
    'models/a.sql:2',
    'config() takes named arguments, or one dict',
    model("\n{{ config('table') }} select 1"),
  ],
  [
    'unique_key number',
    'models/a.sql:2',
    'the configuration "unique_key" is 5: Invalid',
    model("\n{{ config(materialized='incremental', unique_key=5) }} select 1"),
  ],
  [
    'on_schema_change wrong',
    'models/a.sql:2',
    'the configuration "on_schema_change" is',
    model("\n{{ config(materialized='incremental', on_schema_change='explode') }} select 1"),
  ],
  [
    'microbatch without event_time',
    'models/a.sql:2',
    'a microbatch model needs the configuration',
    model(
      "\n{{ config(materialized='incremental', incremental_strategy='microbatch', begin='2024-01-01', batch_size='day') }} select 1",
    ),
  ],
  [
    'microbatch wrong size',
    'models/a.sql:2',
    'the configuration "batch_size" is "week":',
    model(
      "\n{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='x', begin='2024-01-01', batch_size='week') }} select 1",
    ),
  ],
  [
    'microbatch wrong begin',
    'models/a.sql:2',
    'the configuration "begin" is "soon": must be a',
    model(
      "\n{{ config(materialized='incremental', incremental_strategy='microbatch', event_time='x', begin='soon', batch_size='day') }} select 1",
    ),
  ],
  [
    'ephemeral with hook',
    'models/a.sql:2',
    "a hook cannot be read: Unexpected '}', expected",
    model("\n{{ config(materialized='ephemeral', post_hook='{{ broken( }}') }} select 1"),
  ],
  [
    'hook broken',
    'models/a.sql:2',
    "a hook cannot be read: Unexpected '}', expected",
    model("\n{{ config(post_hook='select {{ broken( }}') }} select 1"),
  ],
  [
    'unknown materialization',
    'models/a.sql:2',
    'unknown materialization "tabel"; did you mean',
    model("\n{{ config(materialized='tabel') }} select 1"),
  ],
  [
    'ref without name',
    'models/a.sql:2',
    'ref() takes a model, or a package and a model',
    model('select 1\n{{ ref() }}'),
  ],
  [
    'ref number',
    'models/a.sql:2',
    'ref("5"): there is no such model or seed',
    model('select 1\n{{ ref(5) }}'),
  ],
  [
    'ref unknown package',
    'models/a.sql:2',
    'ref("elsewhere", "orders"): there is no package',
    model("select 1\n{{ ref('elsewhere', 'orders') }}"),
  ],
  [
    'ref three arguments',
    'models/a.sql:2',
    'ref() takes a model, or a package and a model',
    model("select 1\n{{ ref('a', 'b', 'c') }}"),
  ],
  [
    'source one argument',
    'models/a.sql:2',
    "source() needs the argument 'table_name'",
    model("select 1\n{{ source('a') }}"),
  ],
  [
    'ref to disabled',
    'models/a.sql:2',
    'ref("orders"): the model is disabled',
    {
      ...model("select *\nfrom {{ ref('orders') }}"),
      'models/orders.sql': '{{ config(enabled=false) }} select 1',
    },
  ],
  [
    'singular test broken',
    'tests/t.sql:2',
    'ref("nobody"): there is no such model or seed',
    { ...one, 'tests/t.sql': "select *\nfrom {{ ref('nobody') }}" },
  ],
  [
    'generic test unclosed',
    'tests/generic/t.sql:2',
    "The template ends inside of 'test' of line 1;",
    { ...one, 'tests/generic/t.sql': '{% test t(model) %}\nselect 1' },
  ],
  [
    'analysis broken',
    'analyses/a.sql:2',
    'ref("nobody"): there is no such model or seed',
    { ...one, 'analyses/a.sql': "select *\nfrom {{ ref('nobody') }}" },
  ],
  [
    'docs unclosed',
    'models/d.md:1',
    'a docs block is not closed: {% enddocs %} is',
    { ...one, 'models/d.md': '{% docs a %}\ntext' },
  ],
  [
    'docs twice',
    'models/d.md:2',
    'the docs block "a" is written twice',
    { ...one, 'models/d.md': '{% docs a %}x{% enddocs %}\n{% docs a %}y{% enddocs %}' },
  ],
];

test.each(cases)('in a template: %s', async (_, place, says, files) => {
  const mistakes = await mistakesOf(files);
  const [first = ''] = mistakes;
  expect(first.startsWith(`transform/${place}`), first).toBe(true);
  expect(first).toContain(says);
  for (const mistake of mistakes) expect(mistake).toMatch(/^transform\/[^:]+:\d+/);
});
