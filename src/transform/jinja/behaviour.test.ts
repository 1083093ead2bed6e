import { describe, expect, it } from 'vitest';
import { behaviourCases, type BehaviourCase } from './behaviour-cases.ts';
import {
  type CallArguments,
  contextOf,
  Dict,
  jsonText,
  printed,
  parseTemplate,
  render,
  type RenderContext,
  type RenderOptions,
  renderSync,
  TemplateError,
  type TemplateFunction,
  toJs,
  type Value,
} from './index.ts';

class Relation {
  readonly parts: Readonly<Record<string, string>>;
  readonly included: Readonly<Record<string, boolean>>;

  constructor(parts: Record<string, string>, included: Record<string, boolean> = {}) {
    this.parts = parts;
    this.included = included;
  }

  jinjaAttribute(name: string): Value | undefined {
    if (name !== 'include') return this.parts[name];
    return (args: CallArguments) =>
      new Relation(this.parts, toJs(new Dict(args.keyword)) as Record<string, boolean>);
  }

  toString(): string {
    const shown = ['database', 'schema', 'identifier'].filter((part) => this.included[part] ?? true);
    return shown.map((part) => `"${this.parts[part]}"`).join('.');
  }
}

function relation(database: string, schema: string, identifier: Value | undefined): Relation {
  return new Relation({ database, schema, identifier: printed(identifier ?? null) });
}

interface Bench {
  readonly context: RenderContext;
  readonly recorded: Record<string, unknown>;
}

function makeBench(files: Readonly<Record<string, string>>): Bench {
  const recorded: Record<string, unknown> = { jslist: [] };
  let statement: Value = null;
  const ref: TemplateFunction = ({ positional }) => relation('db', 'sch', positional[0]);
  const values: Record<string, Value> = {
    ref,
    source: ({ positional }: CallArguments) => relation('db', printed(positional[0] ?? null), positional[1]),
    config: ({ keyword }: CallArguments) => {
      recorded['config'] = toJs(new Dict(keyword));
      return '';
    },
    var: (args: CallArguments) => args.get(1, 'default') ?? null,
    this: relation('db', 'sch', 'me'),
    target: { name: 'dev', type: 'duckdb', schema: 'sch' },
    adapter: {
      quote: ({ positional }: CallArguments) => `"${printed(positional[0] ?? null)}"`,
      is_rel: ({ positional }: CallArguments) => positional[0] instanceof Relation,
      dispatch: (outer: CallArguments) => (inner: CallArguments) =>
        `${printed(outer.positional[0] ?? null)} ${printed(inner.positional[0] ?? null)}`,
    },
    exceptions: {
      raise_compiler_error: ({ positional }: CallArguments) => {
        throw new Error(printed(positional[0] ?? null));
      },
    },
    execute: true,
    jslist: recorded['jslist'] as Value,
    jsdict: { b: 1, a: 2 },
    jsempty: [],
    objs: [
      { n: 'a', t: 'x' },
      { n: 'b', t: 'x' },
    ],
    run_query_async: async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return ['row0', 'row1'];
    },
    tojson: ({ positional }: CallArguments) => jsonText(positional[0] ?? null, { sortKeys: false }),
    statement: async (args: CallArguments) => {
      statement = (await args.renderCaller()) ?? null;
      return '';
    },
    load_result: () => statement,
    builtins: { ref },
    modules: {
      datetime: {
        datetime: ({ positional: [year, month] }: CallArguments) => ({
          strftime: () => `${printed(year ?? null)}-${printed(month ?? null).padStart(2, '0')}`,
        }),
      },
    },
  };
  for (const [name, source] of Object.entries(files)) {
    values[name] = parseTemplate(source, `${name}.sql`).macros;
  }
  return { context: contextOf(values), recorded };
}

const options: RenderOptions = {
  filters: new Map([['as_bool', ({ positional }) => positional[0] === 'true']]),
};

async function check(
  test: BehaviourCase,
  run: (source: string, bench: Bench) => Promise<string>,
): Promise<void> {
  const bench = makeBench(test.files ?? {});
  const outcome = run(test.template, bench);
  if (test.throws) {
    const error = await outcome.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(TemplateError);
    expect((error as TemplateError).message).toMatch(test.throws);
    if (test.at) expect((error as TemplateError).origin).toMatchObject(test.at);
    return;
  }
  expect(await outcome).toBe(test.expect);
  if (test.recorded) expect(bench.recorded).toMatchObject(test.recorded);
}

describe('behaviours that dbt projects rely on', () => {
  it.each(behaviourCases)('$id, awaiting', (test) =>
    check(test, async (source, bench) => render(parseTemplate(source, 'model.sql'), bench.context, options)),
  );

  it.each(behaviourCases.filter((test) => !test.awaits && !test.template.includes('statement')))(
    '$id, synchronous',
    (test) =>
      check(test, async (source, bench) =>
        renderSync(parseTemplate(source, 'model.sql'), bench.context, options),
      ),
  );

  it('keeps a tree as JSON', () => {
    for (const test of behaviourCases.filter((candidate) => !candidate.throws)) {
      const { ast } = parseTemplate(test.template, 'model.sql');
      expect(JSON.parse(JSON.stringify(ast))).toEqual(ast);
    }
  });
});
