import { describe, expect, it } from 'vitest';
import { collectStaticCalls, type StaticCalls } from './static-calls.ts';
import { parseAst } from './syntax/parser.ts';

function callsOf(source: string): StaticCalls {
  return collectStaticCalls(parseAst(source, 'a.sql'));
}

describe('collectStaticCalls', () => {
  it('finds constant calls wherever they stand', () => {
    const calls = callsOf(`{{ config(materialized='table', tags=['a', 'b'], meta={'x': -1}) }}
      {% if var('on', true) %}{{ ref('a') }}{% elif x %}{{ ref('p', 'b', v=2) | upper }}{% else %}{{ source('s', 't') }}{% endif %}
      {% for i in [ref('c')] %}{% set y %}{{ env_var('E') }}{% endset %}{% endfor %}
      {% call dbt_utils.wrap(ref('d')) %}{{ own() }}{% endcall %}{{ config.get('x') }}`);
    expect(calls.ref.map((call) => call.positional)).toEqual([['a'], ['p', 'b'], ['c'], ['d']]);
    expect(calls.ref[1]).toMatchObject({ keyword: { v: 2 }, line: 2 });
    expect(calls.config[0]?.keyword).toEqual({ materialized: 'table', tags: ['a', 'b'], meta: { x: -1 } });
    expect(calls.var[0]?.positional).toEqual(['on', true]);
    expect(calls.source[0]?.positional).toEqual(['s', 't']);
    expect(calls.env_var[0]?.positional).toEqual(['E']);
    expect(calls.macros).toEqual(['dbt_utils.wrap', 'own']);
    expect(calls.isComplete).toBe(true);
  });

  it.each([
    '{{ ref(x) }}',
    "{{ ref(*['a']) }}",
    '{% set f = ref %}',
    "{{ context['ref']('a') }}",
    "{{ builtins.ref('a') }}",
    "{% macro ref(a) %}{% endmacro %}{{ ref('a') }}",
    "{% for ref in x %}{{ ref('a') }}{% endfor %}",
    '{{ config(alias=none ~ x) }}',
  ])('says that %s cannot be told', (source) => {
    expect(callsOf(source).isComplete).toBe(false);
  });
});
