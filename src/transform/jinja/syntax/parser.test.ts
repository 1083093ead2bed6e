import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TemplateError } from '../error/template-error.ts';
import type { Expression, Statement } from './ast.ts';
import { parseAst } from './parser.ts';

const fragments = fc.constantFrom(
  ...(
    '{{ }} {% %} {# #} {%- -%} {{- -}} if elif else endif for endfor in set endset macro endmacro call endcall raw endraw ' +
    'docs enddocs test endtest snapshot materialization filter endfilter with do is not and or ~ ** // | ( ) [ ] { } , : ' +
    `. = == < + - * % ' " \\ x ref 1 1.5 0x "a" 'b' é 😀 none recursive caller import`
  ).split(' '),
  '\n',
  ' ',
  '\ud800',
  '\0',
);

/** The parser either reads a text or says where it is wrong; it never fails in another way. */
function readsOrRefuses(source: string): void {
  try {
    parseAst(source, 'fuzz.sql');
  } catch (error) {
    expect(error).toBeInstanceOf(TemplateError);
    const { origin } = error as TemplateError;
    const lines = source.split(/\r\n?|\n/);
    expect(origin?.line).toBeGreaterThan(0);
    expect(origin?.line).toBeLessThanOrEqual(lines.length);
    expect(origin?.column).toBeGreaterThan(0);
  }
}

describe('the parser on any text', () => {
  it('reads it or refuses it with a place', () => {
    fc.assert(
      fc.property(fc.array(fragments, { maxLength: 40 }), (parts) => readsOrRefuses(parts.join(''))),
      {
        numRuns: 3000,
      },
    );
    fc.assert(
      fc.property(fc.array(fragments, { maxLength: 40 }), (parts) =>
        readsOrRefuses(`{{ ${parts.join(' ')} }}`),
      ),
      {
        numRuns: 3000,
      },
    );
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), readsOrRefuses), { numRuns: 1000 });
  });

  it('keeps text without tags as it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!/[{\r]/.test(text) && !text.endsWith('\n'));
        const printed = parseAst(text, 'a.sql').body.map((node) => (node.kind === 'text' ? node.text : '?'));
        expect(printed.join('')).toBe(text);
      }),
    );
  });

  it('refuses what nests too deep', () => {
    for (const source of [
      `{{ ${'('.repeat(5000)}1${')'.repeat(5000)} }}`,
      `{{ ${'['.repeat(5000)}1${']'.repeat(5000)} }}`,
      `{{ ${'not '.repeat(5000)}1 }}`,
      `{{ ${'-'.repeat(5000)}1 }}`,
      '{% if x %}'.repeat(5000),
    ]) {
      expect(() => parseAst(source, 'deep.sql')).toThrow(/nest/);
    }
  });
});

function expressionOf(source: string): Expression {
  const [statement] = parseAst(`{{ ${source} }}`, 'a.sql').body;
  if (statement?.kind !== 'output') throw new Error('expected an output');
  return statement.value;
}

describe('the tree', () => {
  it('has the place of every node', () => {
    const [, second] = parseAst("select\n  {{ ref('a') }}", 'a.sql').body;
    expect(second).toMatchObject({
      kind: 'output',
      line: 2,
      column: 3,
      value: { kind: 'call', line: 2, column: 9 },
    });
  });

  it('binds operators as Jinja does', () => {
    expect(expressionOf('a or b and not c')).toMatchObject({
      kind: 'or',
      right: { kind: 'and', right: { kind: 'unary', operator: 'not' } },
    });
    expect(expressionOf('2 ** 3 ** 2')).toMatchObject({ operator: '**', left: { operator: '**' } });
    expect(expressionOf('a ~ b + c')).toMatchObject({ operator: '+', left: { kind: 'concat' } });
    expect(expressionOf('a | f(1) is defined')).toMatchObject({ kind: 'test', operand: { kind: 'filter' } });
    expect(expressionOf('x is not in [1]')).toMatchObject({
      operator: 'not',
      operand: { kind: 'test', name: 'in' },
    });
  });

  it('lists named blocks with their extent in the source', () => {
    const source =
      "x{% snapshot s %}a{% endsnapshot %}{% materialization m, adapter='duckdb', supported_languages=['sql', 'python'] %}{% endmaterialization %}";
    const { definitions } = parseAst(source, 'a.sql');
    expect(definitions).toMatchObject([
      { sort: 'snapshot', name: 's', line: 1, column: 2 },
      { sort: 'materialization', name: 'm', adapter: 'duckdb', languages: ['sql', 'python'] },
    ]);
    const [snapshot] = definitions;
    expect(source.slice(snapshot?.start, snapshot?.end)).toBe('{% snapshot s %}a{% endsnapshot %}');
  });

  it('knows what a macro uses', () => {
    const uses = (body: string): Statement | undefined =>
      parseAst(`{% macro m() %}${body}{% endmacro %}`, 'a.sql').body[0];
    expect(uses('{{ varargs }}')).toMatchObject({ usesVarargs: true, usesKwargs: false, usesCaller: false });
    expect(uses('{% call x() %}{{ kwargs }}{{ caller() }}{% endcall %}')).toMatchObject({
      usesKwargs: true,
      usesCaller: true,
    });
  });
});

describe('messages', () => {
  it.each([
    [
      '{% if x %}\n{% endfor %}',
      "Unknown tag 'endfor' inside of 'if' of line 1; expected: elif, else, endif",
      2,
    ],
    ['a\n{% import "x" as y %}', "The tag 'import' is not supported", 2],
    ['a\n{{ 1 + }}', 'Expected an expression, found the end of the tag', 2],
    ['a\n{{ (1] }}', "Unexpected ']', expected ')'", 2],
    ["a\n{{ 'x }}", 'Unexpected a string that does not end', 2],
    ['a\n{{ x', "Missing '}}': the template ends inside of this tag", 2],
    ['a\n{# x', "Missing '#}' of this comment", 2],
    ['a\n{% raw %}', "Missing 'endraw' of this 'raw' block", 2],
    ['a\n{% docs d %}', "Missing 'enddocs' of this 'docs' block", 2],
    ['{% macro m(a=1, b) %}', "The parameter 'b' without a default follows one with a default", 1],
    [
      "{% materialization m, adapters='x' %}",
      "A materialization has no option 'adapters'; it has: default, adapter, supported_languages",
      1,
    ],
  ])('%j', (source, message, line) => {
    expect.assertions(2);
    try {
      parseAst(source, 'a.sql');
    } catch (error) {
      expect((error as TemplateError).message).toBe(message);
      expect((error as TemplateError).origin?.line).toBe(line);
    }
  });
});
