import { describe, expect, it } from 'vitest';
import { ConfigError, TransientError } from '../../../core/errors.ts';
import {
  type CallArguments,
  callMacro,
  callMacroSync,
  contextOf,
  type OutputSegment,
  parseTemplate,
  printed,
  render,
  renderNativeSync,
  renderSync,
  snapshotTemplate,
  TemplateCache,
  TemplateError,
  templateOf,
  templatePlaceOf,
  toJs,
  Tuple,
  type Value,
} from '../index.ts';

function counting(): { readonly calls: Value[]; readonly query: (args: CallArguments) => Promise<Value> } {
  const calls: Value[] = [];
  return {
    calls,
    query: async ({ positional }) => {
      calls.push(positional[0] ?? null);
      await new Promise((resolve) => setImmediate(resolve));
      return `<${String(calls.length)}>`;
    },
  };
}

async function failure(run: () => unknown): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('expected an error');
}

describe('awaiting', () => {
  it('calls everything once and in order', async () => {
    const { calls, query } = counting();
    const source = `{%- macro m(a, b=query('default')) -%}{{ a }}{{ b }}{{ return([query('inner'), a]) }}{%- endmacro -%}
      {%- set one = query('one') ~ query('two') -%}
      {%- for x in [query('three'), 2] if query('test') -%}{{ x }}{{ query('loop') if x == 2 else 'no' }};{%- endfor -%}
      {%- if query('if') and query('and') -%}{{ m(query('argument'))[0] }}{%- endif -%}
      {%- do query('do') -%}{{ {'k': query('key')}['k'] }}{{ [1, query('list'), 3][1] }}{{ 1 < query('cmp')|length < 9 }}
      {%- set block %}{{ query('block') }}{% endset -%}{{ block }}{% filter upper %}{{ query('filter') }}a{% endfilter %}`;
    const text = await render(parseTemplate(source, 'a.sql'), contextOf({ query }));
    const order = 'one two three test test loop if and argument default inner do key list cmp block filter';
    expect(calls).toEqual(order.split(' '));
    expect(text).toBe('<3>no;2<6>;<11><13><14>True<16><17>A');
  });

  it('breaks and continues behind an awaited call', async () => {
    const { query } = counting();
    const source =
      '{% for i in range(6) %}{% do query(i) %}{% if i == 1 %}{% continue %}{% endif %}{% if i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}';
    expect(await render(parseTemplate(source, 'a.sql'), contextOf({ query }))).toBe('023');
  });

  it('awaits filters, tests and call blocks', async () => {
    const options = {
      filters: new Map([
        ['slow', async ({ positional }: CallArguments) => `~${printed(positional[0] ?? null)}`],
      ]),
      tests: new Map([['big', async ({ positional }: CallArguments) => Number(positional[0]) > 1]]),
    };
    const context = contextOf({
      box: async (args: CallArguments) => `[${printed((await args.renderCaller('x')) ?? null)}]`,
      query: async () => 'q',
    });
    const source =
      "{{ 'a'|slow }}{{ ['b','c']|map('slow')|join }}{{ [1,2,3]|select('big')|list }}{{ 2 is big }}{% call(p) box() %}{{ p }}{{ query() }}{% endcall %}";
    expect(await render(parseTemplate(source, 'a.sql'), context, options)).toBe('~a~b~c[2, 3]True[xq]');
  });

  it('does not wait in a synchronous rendering', async () => {
    const { query } = counting();
    const error = await failure(() =>
      renderSync(parseTemplate('\n{{ query(1) }}', 'a.sql'), contextOf({ query })),
    );
    expect(error).toMatchObject({ code: 'template_awaits', origin: { file: 'a.sql', line: 2 } });
  });

  it('runs through thousands of awaited passes', async () => {
    const source =
      '{% set ns = namespace(n=0) %}{% for i in range(5000) %}{% set ns.n = ns.n + one() %}{% endfor %}{{ ns.n }}';
    expect(await render(parseTemplate(source, 'a.sql'), contextOf({ one: async () => 1 }))).toBe('5000');
  });
});

describe('macros of other files', () => {
  const shop = parseTemplate(
    "{% macro name() %}{{ return(this.name) }}{% endmacro %}\n{% macro fail() %}\n{{ name().x.y }}\n{% endmacro %}\n{% test positive(model) %}t{% endtest %}{% materialization table, default %}{{ return({'relations': [this.name]}) }}{% endmaterialization %}",
    'macros/shop.sql',
  );
  const base = { this: { name: 'orders' }, shop: shop.macros, ...Object.fromEntries(shop.macros) };

  it("see the caller's context, and are looked up only when they are called", () => {
    const asked: string[] = [];
    const context = {
      lookup: (name: string) => {
        asked.push(name);
        return contextOf(base).lookup(name);
      },
    };
    expect(renderSync(parseTemplate('{{ shop.name() }}', 'a.sql'), context)).toBe('orders');
    expect(asked).toEqual(['shop', 'return', 'this']);
  });

  it("have dbt's names, and can be called from JavaScript", async () => {
    expect([...shop.macros.keys()]).toEqual([
      'name',
      'fail',
      'test_positive',
      'materialization_table_default',
    ]);
    const macro = shop.macros.get('materialization_table_default') ?? null;
    expect(toJs(callMacroSync(macro, contextOf(base)))).toEqual({ relations: ['orders'] });
    expect(toJs(await callMacro(macro, contextOf(base)))).toEqual({ relations: ['orders'] });
    const test = shop.macros.get('test_positive') ?? null;
    expect(callMacroSync(test, contextOf({}), { keyword: { model: 'x' } })).toBe('t');
    const wrong = await failure(() => callMacroSync(test, contextOf({}), { keyword: { modle: 'x' } }));
    expect(wrong).toMatchObject({ message: "The macro 'test_positive' has no argument 'modle'" });
  });

  it('name themselves and their callers in an error', async () => {
    const error = await failure(() =>
      renderSync(
        parseTemplate('a\n{% macro m() %}{{ shop.fail() }}{% endmacro %}\n{{ m() }}', 'a.sql'),
        contextOf(base),
      ),
    );
    expect(error).toBeInstanceOf(TemplateError);
    expect((error as TemplateError).origin).toEqual({ file: 'macros/shop.sql', line: 3, column: 13 });
    expect((error as TemplateError).message).toBe(
      "A value of type 'str' has no attribute 'x'\n  in macro fail, called from a.sql:2:28\n  in macro m, called from a.sql:3:5",
    );
  });

  it('end an endless recursion with an error', async () => {
    const source = '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}';
    const error = await failure(() => renderSync(parseTemplate(source, 'a.sql'), contextOf({})));
    expect(error).toMatchObject({ code: 'template_limit' });
    expect((error as TemplateError).message.split('\n')).toHaveLength(12);
    expect((error as TemplateError).message).toMatch(/\.\.\. \d+ macro calls more \.\.\.\n.*a\.sql:1:43$/);
  });

  it('return natively out of loops and conditions; a call block returns from the macro that renders it', () => {
    const wrapper = '{% macro w() %}<{{ caller() }}>{% endmacro %}';
    const loop =
      "{% macro m() %}a{% for i in [1,2] %}{% if i == 2 %}{{ return((i, 'x')) }}{% endif %}{% endfor %}{% endmacro %}";
    const block = "{% macro b() %}a{% call w() %}{{ return((1, 'y')) }}{% endcall %}b{% endmacro %}";
    const template = parseTemplate(`${wrapper}${loop}${block}{{ m()[1] }} {{ b() }}`, 'a.sql');
    expect(renderSync(template, contextOf({}))).toBe("x a(1, 'y')b");
  });
});

describe('errors of callables', () => {
  const template = parseTemplate('a\n{% macro m() %}{{ f() }}{% endmacro %}\n{{ m() }}', 'a.sql');
  const failing = (error: unknown): ReturnType<typeof contextOf> =>
    contextOf({
      f: () => {
        throw error;
      },
    });

  it('keep their class if they say more than that the files are wrong', async () => {
    const lost = new TransientError('the connection is lost', { code: 'connection_lost' });
    expect(await failure(() => render(template, failing(lost)))).toBe(lost);
    expect(templatePlaceOf(lost)).toMatchObject({
      origin: { file: 'a.sql', line: 2 },
      macroCalls: [{ macro: 'm', calledFrom: { line: 3 } }],
    });
  });

  it('get a place if they say that the files are wrong', async () => {
    const wrong = new ConfigError('no such model', { code: 'model_missing', next: 'Make one' });
    const error = await failure(() => renderSync(template, failing(wrong)));
    expect(error).toMatchObject({
      code: 'model_missing',
      next: 'Make one',
      cause: wrong,
      origin: { line: 2 },
    });
  });

  it('become the cause of a template error in any other case', async () => {
    const cause = new Error('boom');
    const rejecting = contextOf({ f: async () => Promise.reject(cause) });
    for (const context of [failing(cause), rejecting]) {
      expect(await failure(() => render(template, context))).toMatchObject({ code: 'template_call', cause });
    }
  });
});

describe('undefined names', () => {
  it('fail on use, or give undefined again where that is asked for', async () => {
    const template = parseTemplate("[{{ a.b['c'](1) }}]", 'a.sql');
    expect(renderSync(template, contextOf({}), { lenientUndefined: true })).toBe('[]');
    expect(await failure(() => renderSync(template, contextOf({})))).toMatchObject({
      code: 'template_undefined',
    });
  });
});

describe('native values', () => {
  it.each<[string, unknown]>([
    ['{{ 1 }}', 1],
    ["{{ ['a', 1] }}", ['a', 1]],
    ['{{ 1 }}{{ 2 }}', '12'],
    ['a{{ 1 }}', 'a1'],
    ["{{ '1' }}", '1'],
    ["{{ 'True'|as_bool }}", true],
    ["{{ '5'|as_number }}", 5],
    ["{{ '[1, 2]'|as_native }}", [1, 2]],
    ["{{ 'x'|as_text }}", 'x'],
    ['', ''],
  ])('%s', (source, value) => {
    expect(toJs(renderNativeSync(parseTemplate(source, 'a.yml'), contextOf({})))).toEqual(value);
  });

  it('refuse a text that is not what it is said to be', () => {
    expect(() => renderNativeSync(parseTemplate("{{ 'x'|as_bool }}", 'a.yml'), contextOf({}))).toThrow(
      "'x' is no bool",
    );
  });
});

describe('templates', () => {
  it('tell which line made which output', () => {
    let segments: readonly OutputSegment[] = [];
    const text = renderSync(
      parseTemplate('a\n{% for i in [1,2] %}\n{{ i }}\n{% endfor %}', 'a.sql'),
      contextOf({}),
      {
        onSegments: (told) => {
          segments = told;
        },
      },
    );
    const written = segments.map(({ start, end, line }) => [text.slice(start, end), line]);
    expect(written.filter(([part]) => /\d/.test(String(part)))).toEqual([
      ['1', 3],
      ['2', 3],
    ]);
    expect(written.map(([part]) => part).join('')).toBe(text);
  });

  it('are read once by a cache, and can be made of a kept tree', () => {
    const cache = new TemplateCache(2);
    const first = cache.parse('{{ 1 }}', 'a.sql');
    expect(cache.parse('{{ 1 }}', 'a.sql')).toBe(first);
    cache.parse('{{ 2 }}', 'a.sql');
    cache.parse('{{ 3 }}', 'a.sql');
    expect(cache.parse('{{ 1 }}', 'a.sql')).not.toBe(first);
    const kept = templateOf(JSON.parse(JSON.stringify(first.ast)) as typeof first.ast, 'a.sql');
    expect(renderSync(kept, contextOf({}))).toBe('1');
  });

  it('have snapshots inside that render as templates of their own', () => {
    const template = parseTemplate("a{% snapshot s %}select '{{ x }}'{% endsnapshot %}", 'a.sql');
    const [snapshot] = template.ast.definitions;
    if (!snapshot) throw new Error('expected a snapshot');
    expect(renderSync(snapshotTemplate(template, snapshot), contextOf({ x: 5 }))).toBe("select '5'");
  });
});

describe('values of JavaScript', () => {
  it('are used in place', () => {
    const map = new Map<string, Value>([['a', 1]]);
    const object: Record<string, Value> = { b: 1 };
    const source =
      "{% do map.update({'c': 3}) %}{% do object.update(d=4) %}{{ map }}{{ object.b }}{{ object|length }}";
    expect(renderSync(parseTemplate(source, 'a.sql'), contextOf({ map, object }))).toBe("{'a': 1, 'c': 3}12");
    expect([...map.keys(), ...Object.keys(object)]).toEqual(['a', 'c', 'b', 'd']);
  });

  it('show no methods and no prototypes', () => {
    class Thing {
      readonly size = 3;
      secret(): string {
        return 'x';
      }
    }
    const source =
      '{{ thing.size }}{{ thing.secret is defined }}{{ thing.constructor is defined }}{{ {}.__proto__ is defined }}{{ f.constructor is defined }}{{ [].push is defined }}';
    const context = contextOf({ thing: new Thing(), f: () => 1 });
    expect(renderSync(parseTemplate(source, 'a.sql'), context)).toBe('3FalseFalseFalseFalseFalse');
  });

  it('go out as plain data', () => {
    const value = renderNativeSync(
      parseTemplate("{{ {'a': (1, 2.0), 1: none, 'r': range(2), 's': set(['x', 'x'])} }}", 'a.sql'),
      contextOf({}),
    );
    expect(toJs(value)).toEqual({ a: [1, 2], 1: null, r: [0, 1], s: ['x'] });
    expect(toJs(new Tuple([1]))).toEqual([1]);
  });

  it('reach a callable by position and by name', () => {
    const f = (args: CallArguments): Value => {
      const { a, b = 'none' } = args.bind('f', ['a', 'b?']);
      return printed(a ?? null) + printed(b);
    };
    const context = contextOf({ f });
    expect(renderSync(parseTemplate('{{ f(1) }}{{ f(1, 2) }}{{ f(b=1, a=2) }}', 'a.sql'), context)).toBe(
      '1none1221',
    );
    for (const [call, message] of [
      ['f()', "f() needs the argument 'a'"],
      ['f(1, a=1)', "f() got two values for argument 'a'"],
      ['f(1, c=1)', "f() has no argument 'c'"],
      ['f(1, 2, 3)', 'f() takes at most 2 arguments, 3 were given'],
    ] as const) {
      expect(() => renderSync(parseTemplate(`{{ ${call} }}`, 'a.sql'), context)).toThrow(message);
    }
  });
});
