/** A behaviour of dbt's Jinja that projects rely on. The context that they assume is in `behaviour.test.ts`. */
export interface BehaviourCase {
  readonly id: string;
  readonly template: string;
  /** Macro files by package name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly expect?: string;
  /** What the context's functions were given. */
  readonly recorded?: Readonly<Record<string, unknown>>;
  readonly throws?: RegExp;
  /** Where the error says it is. */
  readonly at?: { readonly file: string; readonly line: number };
  /** Whether a call in it has to be awaited. */
  readonly awaits?: boolean;
}

/** Cases without a context of JavaScript agree with Jinja2 3.1. */
export const behaviourCases: readonly BehaviourCase[] = [
  // JavaScript callables and objects
  { id: 'A1 fn positional', template: `{{ ref('a') }}`, expect: '"db"."sch"."a"' },
  {
    id: 'A2 fn kwargs reach JS',
    template: `{{ config(materialized='table', tags=['x','y']) }}`,
    expect: '',
    recorded: { config: { materialized: 'table', tags: ['x', 'y'] } },
  },
  { id: 'A3 fn positional+kwargs', template: `{{ var('d', default='z') }}`, expect: 'z' },
  { id: 'A4 object method', template: `{{ adapter.quote('x') }}`, expect: '"x"' },
  { id: 'A5 object stringify ({{ this }})', template: `{{ this }}`, expect: '"db"."sch"."me"' },
  { id: 'A6 object attr', template: `{{ this.schema }}.{{ this.identifier }}`, expect: 'sch.me' },
  {
    id: 'A7 class instance proto method w/ kwargs',
    template: `{{ this.include(database=false) }}`,
    expect: '"sch"."me"',
  },
  { id: 'A8 fn returning object then attr', template: `{{ ref('a').identifier }}`, expect: 'a' },
  { id: 'A9 identity roundtrip JS->tpl->JS', template: `{{ adapter.is_rel(ref('a')) }}`, expect: 'True' },
  { id: 'A10 concat ~ w/ object', template: `{{ 'from ' ~ ref('a') }}`, expect: 'from "db"."sch"."a"' },
  {
    id: 'A11 call result call (dispatch)',
    template: `{{ adapter.dispatch('hello')('bob') }}`,
    expect: 'hello bob',
  },
  {
    id: 'A12 JS exception propagates w/ class+msg',
    template: `{{ exceptions.raise_compiler_error('boom') }}`,
    throws: /boom/,
  },
  { id: 'A13 engine usable after JS exception', template: `{{ ref('a') }}`, expect: '"db"."sch"."a"' },
  {
    id: 'A14 mutate JS array from tpl',
    template: `{% do jslist.append('q') %}{{ jslist|length }}`,
    expect: '1',
    recorded: { jslist: ['q'] },
  },
  {
    id: 'A15 JS dict order kept',
    template: `{% for k,v in jsdict.items() %}{{k}}={{v}};{% endfor %}`,
    expect: 'b=1;a=2;',
  },
  {
    id: 'A16 async fn (run_query) awaited inline',
    awaits: true,
    template: `{% set r = run_query_async('q') %}{{ r[0] }}`,
    expect: 'row0',
  },
  {
    id: 'A17 async inside macro inside for',
    awaits: true,
    template: `{% macro m(x) %}{% set r = run_query_async(x) %}{{ return(r) }}{% endmacro %}{% for v in m('q') %}{{ v }},{% endfor %}`,
    expect: 'row0,row1,',
  },
  // macros
  {
    id: 'B1 macro kwargs+defaults',
    template: `{% macro m(a,b=2,c='x') %}{{a}}-{{b}}-{{c}}{% endmacro %}{{ m(1,c='z') }}`,
    expect: '1-2-z',
  },
  {
    id: 'B2 varargs/kwargs',
    template: `{% macro m(a) %}{{a}}|{{ varargs|join(',') }}|{{ kwargs.k }}{% endmacro %}{{ m(1,2,3,k=9) }}`,
    expect: '1|2,3|9',
  },
  {
    id: 'B3 caller()',
    template: `{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}hi{% endcall %}`,
    expect: '<hi>',
  },
  {
    id: 'B4 call(args)',
    template: `{% macro m() %}{{ caller('u',2) }}{% endmacro %}{% call(a,b) m() %}{{a}}{{b}}{% endcall %}`,
    expect: 'u2',
  },
  {
    id: 'B5 call block on JS fn (statement)',
    template: `{% call statement('s', fetch_result=true) %}select 1{% endcall %}{{ load_result('s') }}`,
    expect: 'select 1',
  },
  {
    id: 'B6 {% do %}',
    template: `{% set l=[] %}{% do l.append(1) %}{% do l.append(2) %}{{ l|length }}`,
    expect: '2',
  },
  { id: 'B7 set block', template: `{% set q %}select {{ 1 }}{% endset %}[{{ q }}]`, expect: '[select 1]' },
  {
    id: 'B8 namespace in loop',
    template: `{% set ns=namespace(n=0) %}{% for i in [1,2,3] %}{% set ns.n=ns.n+i %}{% endfor %}{{ ns.n }}`,
    expect: '6',
  },
  {
    id: 'B9 cross-file pkg.macro()',
    files: { pkg: `{% macro hi(x='w') %}hi {{x}}{% endmacro %}` },
    template: `{{ pkg.hi('z') }} {{ pkg.hi(x='k') }}`,
    expect: 'hi z hi k',
  },
  {
    id: 'B10 cross-file macro unqualified, sees caller ctx (this/model)',
    files: { pkg: `{% macro who() %}{{ this.identifier }}{% endmacro %}` },
    template: `{{ pkg.who() }}`,
    expect: 'me',
  },
  {
    id: 'B11 macro in A calls macro in B lazily',
    files: {
      pkg: `{% macro a1() %}{{ other.b1() }}{% endmacro %}`,
      other: `{% macro b1() %}B{% endmacro %}`,
    },
    template: `{{ pkg.a1() }}`,
    expect: 'B',
  },
  {
    id: 'B12 macro default refers to earlier arg/global',
    template: `{% macro m(a, b=this.schema) %}{{a}}{{b}}{% endmacro %}{{ m(1) }}`,
    expect: '1sch',
  },
  {
    id: 'B13 nested macro recursion',
    template: `{% macro f(n) %}{% if n>0 %}{{n}}{{ f(n-1) }}{% endif %}{% endmacro %}{{ f(3) }}`,
    expect: '321',
  },
  {
    id: 'B14 macro passed as value',
    template: `{% macro g() %}G{% endmacro %}{% macro f(fn) %}{{ fn() }}{% endmacro %}{{ f(g) }}`,
    expect: 'G',
  },
  {
    id: 'B15 return() list',
    template: `{% macro f() %}junk{{ return([1,2,3]) }}{% endmacro %}{% for i in f() %}{{i}};{% endfor %}`,
    expect: '1;2;3;',
  },
  {
    id: 'B16 return() inside if/for exits early',
    template: `{% macro f(l) %}{% for i in l %}{% if i==2 %}{{ return(i) }}{% endif %}{% endfor %}{{ return(-1) }}{% endmacro %}{{ f([1,2,3]) + 1 }}`,
    expect: '3',
  },
  {
    id: 'B17 {% do return() %} dict',
    template: `{% macro f() %}{% do return({'k':[1]}) %}{% endmacro %}{{ f()['k'][0] }}`,
    expect: '1',
  },
  {
    id: 'B18 return through nested macro',
    template: `{% macro g() %}{{ return([7]) }}{% endmacro %}{% macro f() %}{{ return(g()) }}{% endmacro %}{{ f()[0] }}`,
    expect: '7',
  },
  // dbt's tags
  {
    id: 'C1 {% materialization %}',
    template: `{% materialization table, adapter='duckdb' %}{{ return({'relations':[]}) }}{% endmaterialization %}ok`,
    expect: 'ok',
  },
  { id: 'C2 {% test %}', template: `{% test nn(model, column_name) %}select 1{% endtest %}ok`, expect: 'ok' },
  { id: 'C3 {% snapshot %}', template: `{% snapshot s %}select 1{% endsnapshot %}ok`, expect: 'ok' },
  { id: 'C4 {% docs %}', template: `{% docs d %}text {{ not jinja {% enddocs %}ok`, expect: 'ok' },
  // whitespace and syntax
  { id: 'D1 -%} {%- trim', template: 'a\n  {%- if true -%}\n b \n{%- endif -%}\n c', expect: 'abc' },
  {
    id: 'D2 default keeps block newline',
    template: 'a\n{% if true %}\nb\n{% endif %}\nc',
    expect: 'a\n\nb\n\nc',
  },
  { id: 'D3 {{- -}}', template: 'a {{- 1 -}} b', expect: 'a1b' },
  { id: 'D4 comments {# #} w/ {{', template: 'a{# {{ x }} #}b', expect: 'ab' },
  { id: 'D5 raw', template: '{% raw %}{{ x }}{% endraw %}', expect: '{{ x }}' },
  { id: 'D6 filter block', template: '{% filter upper %}abc{% endfilter %}', expect: 'ABC' },
  { id: 'D7 inline if no else', template: "[{{ 'x' if false }}]", expect: '[]' },
  {
    id: 'D8 for..if, else, loop.*',
    template:
      "{% for i in [1,2,3,4] if i%2==0 %}{{ loop.index }}{{ ',' if not loop.last }}{% else %}none{% endfor %}{% for i in [] %}x{% else %}E{% endfor %}",
    expect: '1,2E',
  },
  {
    id: 'D9 tuple unpack set/for',
    template: '{% set a,b=1,2 %}{{a}}{{b}}{% for k,v in [(1,2),(3,4)] %}{{k}}{{v}}{% endfor %}',
    expect: '121234',
  },
  {
    id: 'D10 if-scope leak, for-scope not',
    template:
      '{% set x=1 %}{% if true %}{% set x=2 %}{% endif %}{{x}}{% for i in [1] %}{% set x=9 %}{% endfor %}{{x}}',
    expect: '22',
  },
  {
    id: 'D11 operators // ** % ~ in/not in/is not',
    template:
      "{{ 7//2 }} {{ 2**3 }} {{ 7%3 }} {{ 'a'~1 }} {{ 'a' in 'abc' }} {{ 1 not in [2] }} {{ none is none }} {{ x is not defined }}",
    expect: '3 8 1 a1 True True True True',
  },
  { id: 'D12 chained compare', template: '{{ 1 < 2 < 3 }}', expect: 'True' },
  {
    id: 'D13 slices',
    template: "{{ [1,2,3][1:]|join }}{{ 'abc'[:2] }}{{ [1,2,3][-1] }}{{ 'abcd'[::2] }}",
    expect: '23ab3ac',
  },
  {
    id: 'D14 multi-line call, trailing comma, nested dict',
    template: "{{ config(\n  materialized='incremental',\n  meta={'a': {'b': [1,2,],},},\n) }}",
    expect: '',
    recorded: { config: { materialized: 'incremental', meta: { a: { b: [1, 2] } } } },
  },
  { id: 'D15 adjacent string literal concat', template: "{{ 'a' 'b' }}", expect: 'ab' },
  {
    id: 'D16 loop.index0/revindex/previtem/cycle/changed',
    template:
      "{% for i in ['a','b'] %}{{loop.index0}}{{loop.revindex}}{{ loop.previtem if not loop.first }}{{ loop.cycle('x','y') }}{% endfor %}",
    expect: '02x11ay',
  },
  { id: 'D17 trailing newline removed (Jinja default keep=false)', template: 'a\n', expect: 'a' },
  // Python's semantics
  {
    id: 'E1 [] and {} falsy',
    template:
      "{% if [] %}T{% else %}F{% endif %}{% if {} %}T{% else %}F{% endif %}{{ 'y' if jsempty else 'n' }}",
    expect: 'FFn',
  },
  {
    id: 'E2 python repr list/bool/none',
    template: "{{ [1,'a',none,true] }} {{ none }} {{ true }}",
    expect: "[1, 'a', None, True] None True",
  },
  { id: 'E3 dict repr / tuple repr', template: "{{ {'a':1} }} {{ (1,2) }}", expect: "{'a': 1} (1, 2)" },
  { id: 'E4 float repr', template: '{{ 1.0 }} {{ 3/2 }} {{ 4/2 }} {{ 10|int }}', expect: '1.0 1.5 2.0 10' },
  {
    id: 'E5 str methods',
    template:
      "{{ 'a,b'.split(',')[1] }}{{ ' x '.strip() }}{{ 'abc'.startswith('a') }}{{ 'Ab'.lower() }}{{ 'x'.replace('x','y') }}{{ ','.join(['1','2']) }}",
    expect: 'bxTrueaby1,2',
  },
  {
    id: 'E6 str.format / % format',
    template: "{{ '{}-{:02d}'.format('a',5) }} {{ '%03d-%s' % (7,'z') }}",
    expect: 'a-05 007-z',
  },
  {
    id: 'E7 dict methods',
    template:
      "{% set d={'a':1} %}{% do d.update({'b':2}) %}{{ d.get('z','q') }}{{ d.keys()|list|length }}{{ d.values()|list|join }}{{ d.pop('a') }}{% do d.setdefault('m',[]).append(4) %}{{ d.m[0] }}",
    expect: 'q21214',
  },
  {
    id: 'E8 list methods',
    template:
      '{% set l=[3] %}{% do l.extend([1]) %}{% do l.insert(0,9) %}{{ l.index(1) }}{{ l.pop() }}{{ l|length }}{{ [1]+[2] }}',
    expect: '212[1, 2]',
  },
  {
    id: 'E9 undefined prints empty; undefined attr of undefined errors',
    template: '[{{ nope }}]',
    expect: '[]',
  },
  { id: 'E10 undefined.attr raises', template: '{{ nope.attr }}', throws: /'nope' is undefined/ },
  {
    id: 'E11 int vs float eq, str compare',
    template: "{{ 1==1.0 }}{{ '1'==1 }}{{ 'b'>'a' }}",
    expect: 'TrueFalseTrue',
  },
  {
    id: 'E12 range()',
    template: '{% for i in range(1,6,2) %}{{i}}{% endfor %}{{ range(3)|list }}',
    expect: '135[0, 1, 2]',
  },
  {
    id: 'E13 dict literal int keys + kwargs **',
    template: "{% macro m(a,b) %}{{a}}{{b}}{% endmacro %}{{ m(**{'a':1,'b':2}) }}{{ m(*[3,4]) }}",
    expect: '1234',
  },
  // filters
  {
    id: 'F1 map attr/selectattr/rejectattr',
    template:
      "{{ objs|map(attribute='n')|join(',') }}|{{ objs|selectattr('n','equalto','a')|list|length }}|{{ objs|rejectattr('n','in',['a'])|map(attribute='n')|first }}",
    expect: 'a,b|1|b',
  },
  {
    id: 'F2 map(filter), unique, sort, list',
    template: "{{ ['b','A','b']|map('lower')|unique|sort|join(',') }}",
    expect: 'a,b',
  },
  { id: 'F3 default(x,true)', template: "{{ ''|default('d',true) }}{{ nope|default('e') }}", expect: 'de' },
  {
    id: 'F4 indent/replace/trim/upper/title',
    template: "{{ 'a\nb'|indent(2) }}|{{ 'aXb'|replace('X','-') }}|{{ ' q '|trim }}|{{ 'x'|upper }}",
    expect: 'a\n  b|a-b|q|X',
  },
  {
    id: 'F5 groupby/batch/dictsort',
    template:
      "{% for k,g in objs|groupby('t') %}{{k}}{{g|length}}{% endfor %}{% for r in [1,2,3]|batch(2) %}{{r|length}}{% endfor %}{% for k,v in {'b':1,'a':2}|dictsort %}{{k}}{% endfor %}",
    expect: 'x221ab',
  },
  {
    id: 'F6 tojson (dbt fn) / |tojson',
    template: "{{ tojson({'a':[1,true]}) }}",
    expect: '{"a": [1, true]}',
  },
  {
    id: 'F7 round/int/float/abs/sum/max',
    template: "{{ 2.567|round(1) }} {{ '3'|int }} {{ [1,2]|sum }} {{ [1,5]|max }}",
    expect: '2.6 3 3 5',
  },
  { id: 'F8 custom filter as_bool', template: "{{ ('true'|as_bool) }}", expect: 'True' },
  {
    id: 'F9 str.maketrans and translate',
    template:
      "{{ 'a-b_c!'.translate(''.maketrans('ab', 'xy', '-!')) }} {{ 'ab'.translate({97: 'long', 98: none}) }}",
    expect: 'xy_c long',
  },
  // errors
  { id: 'G1 syntax error reports line', template: 'a\nb\n{% if x %}\nc', throws: /'if' of line 3/ },
  {
    id: 'G2 runtime error reports line',
    template: 'a\nb\n{{ nope.attr.x }}\nc',
    throws: /'nope' is undefined/,
    at: { file: 'model.sql', line: 3 },
  },
  {
    id: 'G3 runtime error in macro from other file reports file+line',
    files: { pkg: '\n{% macro bad() %}\n{{ nope.attr.x }}\n{% endmacro %}' },
    template: '{{ pkg.bad() }}',
    throws: /'nope' is undefined/,
    at: { file: 'pkg.sql', line: 3 },
  },
  // overriding and dynamic lookup
  { id: 'H1 context[...] dynamic lookup', template: "{{ context['ref']('a') }}", expect: '"db"."sch"."a"' },
  {
    id: 'H2 user macro overriding builtin ref via builtins.ref',
    template: "{% macro ref(n) %}{{ return(builtins.ref(n ~ '_x')) }}{% endmacro %}{{ ref('a').identifier }}",
    expect: 'a_x',
  },
  {
    id: 'H3 datetime: modules.datetime...strftime',
    template: "{{ modules.datetime.datetime(2024,1,5).strftime('%Y-%m') }}",
    expect: '2024-01',
  },
  {
    id: 'H4 set inside macro not leaking; global set visible? (no)',
    template: '{% set g=5 %}{% macro m() %}{{ g }}{% endmacro %}{{ m() }}',
    expect: '5',
  },
];
