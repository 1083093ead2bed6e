import type {
  CallNode,
  DefinitionNode,
  DefinitionSort,
  Expression,
  FilterNode,
  Parameter,
  Place,
  Routine,
  Statement,
  Target,
} from './ast.ts';
import { parseExpression, parseFilters, parseTuple } from './expression-parser.ts';
import { defaultTraits, readMaterialization } from './materialization-parser.ts';
import type { TokenStream } from './token-stream.ts';

/** What a template's blocks are collected into while its statements are read. */
export interface BlockContext {
  readonly stream: TokenStream;
  readonly definitions: DefinitionNode[];
}

type TagReader = (context: BlockContext, place: Place, start: number) => Statement;

const unsupported: Readonly<Record<string, string>> = {
  import: 'Call a macro by its name, or by its package: package.macro()',
  from: 'Call a macro by its name, or by its package: package.macro()',
  include: 'Make a macro of the included text and call it',
  extends: 'Make a macro of the shared text and call it',
  block: 'Make a macro of the block and call it',
  autoescape: 'Use the filter escape where text must be escaped',
  trans: 'Write the text itself; dbt has no translations',
};

const readers: ReadonlyMap<string, TagReader> = new Map<string, TagReader>([
  ['if', readIf],
  ['for', readFor],
  ['set', readSet],
  ['macro', (context, place, start) => readDefinition(context, place, start, 'macro')],
  ['test', (context, place, start) => readDefinition(context, place, start, 'test', 'endtest')],
  ['data_test', (context, place, start) => readDefinition(context, place, start, 'test', 'enddata_test')],
  ['snapshot', (context, place, start) => readDefinition(context, place, start, 'snapshot')],
  ['docs', (context, place, start) => readDefinition(context, place, start, 'docs')],
  ['materialization', (context, place, start) => readDefinition(context, place, start, 'materialization')],
  ['call', readCallBlock],
  ['filter', readFilterBlock],
  ['with', readWith],
  ['do', ({ stream }, place) => ({ kind: 'do', value: parseTuple(stream), ...place })],
  ['print', readPrint],
  ['break', (_context, place) => ({ kind: 'break', ...place })],
  ['continue', (_context, place) => ({ kind: 'continue', ...place })],
]);

/**
 * Statements up to a tag of one of the names `ends`, or to the template's end if there are none. The stream is left
 * behind the ending tag's name.
 */
export function parseStatements(
  context: BlockContext,
  opener: { readonly name: string; readonly place: Place } | null,
  ends: readonly string[],
): { body: Statement[]; end: string } {
  const { stream } = context;
  const body: Statement[] = [];
  for (;;) {
    const token = stream.current;
    const place = { line: token.line, column: token.column };
    if (token.kind === 'end') {
      if (!opener) return { body, end: '' };
      const wanted = ends.join(', ');
      throw stream.error(
        `The template ends inside of '${opener.name}' of line ${opener.place.line}; expected: ${wanted}`,
      );
    }
    stream.next();
    if (token.kind === 'data') {
      body.push({ kind: 'text', text: token.text, ...place });
    } else if (token.kind === 'variable-begin') {
      body.push({ kind: 'output', value: parseTuple(stream), ...place });
      stream.expectKind('variable-end', "'}}'");
    } else {
      const name = stream.expectName();
      if (ends.includes(name.text)) return { body, end: name.text };
      body.push(...readTag(context, name.text, place, token.start, opener, ends));
    }
  }
}

function readTag(
  context: BlockContext,
  name: string,
  place: Place,
  start: number,
  opener: { readonly name: string; readonly place: Place } | null,
  ends: readonly string[],
): Statement[] {
  const { stream } = context;
  const alternative = unsupported[name];
  if (alternative !== undefined && Object.hasOwn(unsupported, name)) {
    throw stream.source.error(
      `The tag '${name}' is not supported`,
      place,
      'template_unsupported',
      alternative,
    );
  }
  const reader = readers.get(name);
  if (!reader) {
    const isEnd = name.startsWith('end') || name === 'else' || name === 'elif';
    const where = opener ? ` inside of '${opener.name}' of line ${opener.place.line}` : '';
    const expected = isEnd && opener ? `; expected: ${ends.join(', ')}` : '';
    throw stream.error(`Unknown tag '${name}'${where}${expected}`, place);
  }
  const statement = stream.nested(() => reader(context, place, start));
  if (statement.kind === 'definition') context.definitions.push(statement);
  stream.expectKind('block-end', "'%}'");
  return [statement];
}

/** The end of an opening tag, then its body. */
function readBody(
  context: BlockContext,
  name: string,
  place: Place,
  ends: readonly string[],
): { body: Statement[]; end: string } {
  const { stream } = context;
  stream.skipOperator(':');
  stream.expectKind('block-end', "'%}'");
  return parseStatements(context, { name, place }, ends);
}

function readIf(context: BlockContext, place: Place): Statement {
  const { stream } = context;
  const branches: { test: Expression; body: Statement[] }[] = [];
  for (;;) {
    const test = parseTuple(stream, { withConditional: false });
    const { body, end } = readBody(context, 'if', place, ['elif', 'else', 'endif']);
    branches.push({ test, body });
    if (end === 'elif') continue;
    const otherwise = end === 'else' ? readBody(context, 'if', place, ['endif']).body : [];
    return { kind: 'if', branches, otherwise, ...place };
  }
}

function readFor(context: BlockContext, place: Place): Statement {
  const { stream } = context;
  const target = readTarget(stream, { stopAt: 'in' });
  stream.expectName('in');
  const iterable = parseTuple(stream, { withConditional: false, stopAt: 'recursive' });
  const test = stream.skipName('if') ? parseExpression(stream) : null;
  const recursive = stream.skipName('recursive');
  const { body, end } = readBody(context, 'for', place, ['else', 'endfor']);
  const otherwise = end === 'else' ? readBody(context, 'for', place, ['endfor']).body : [];
  return { kind: 'for', target, iterable, test, recursive, body, otherwise, ...place };
}

function readTarget(stream: TokenStream, options: { stopAt?: string; withNamespace?: boolean }): Target {
  const place = { line: stream.current.line, column: stream.current.column };
  const items: Target[] = [];
  let isTuple = false;
  for (;;) {
    if (items.length > 0) {
      if (!stream.skipOperator(',')) break;
      isTuple = true;
    }
    const ends = stream.isOperator('=', ')') || stream.current.kind === 'block-end';
    if (items.length > 0 && (ends || (options.stopAt !== undefined && stream.isName(options.stopAt)))) break;
    items.push(readSingleTarget(stream, options.withNamespace ?? false));
  }
  const [first] = items;
  return !isTuple && first ? first : { kind: 'target-tuple', items, ...place };
}

function readSingleTarget(stream: TokenStream, withNamespace: boolean): Target {
  const { line, column } = stream.current;
  if (stream.skipOperator('(')) {
    const inner = stream.nested(() => readTarget(stream, { withNamespace }));
    stream.expectOperator(')');
    return inner;
  }
  const name = stream.expectName().text;
  if (withNamespace && stream.skipOperator('.')) {
    return { kind: 'namespace-attribute', namespace: name, name: stream.expectName().text, line, column };
  }
  if (/^(?:true|false|none)$/i.test(name)) {
    throw stream.error(`'${name}' cannot be assigned to`, { line, column });
  }
  return { kind: 'name', name, line, column };
}

function readSet(context: BlockContext, place: Place): Statement {
  const { stream } = context;
  const target = readTarget(stream, { withNamespace: true });
  if (stream.skipOperator('=')) return { kind: 'set', target, value: parseTuple(stream), ...place };
  const filter = stream.isOperator('|') ? (parseFilters(stream, null) as FilterNode) : null;
  const { body } = readBody(context, 'set', place, ['endset']);
  return { kind: 'set-block', target, filter, body, ...place };
}

function readPrint({ stream }: BlockContext, place: Place): Statement {
  return { kind: 'output', value: parseTuple(stream), ...place };
}

function readFilterBlock(context: BlockContext, place: Place): Statement {
  const filter = parseFilters(context.stream, null) as FilterNode;
  const { body } = readBody(context, 'filter', place, ['endfilter']);
  return { kind: 'filter-block', filter, body, ...place };
}

function readWith(context: BlockContext, place: Place): Statement {
  const { stream } = context;
  const bindings: { target: Target; value: Expression }[] = [];
  while (stream.current.kind !== 'block-end' && !stream.isOperator(':')) {
    if (bindings.length > 0) stream.expectOperator(',');
    const target = readSingleTarget(stream, false);
    stream.expectOperator('=');
    bindings.push({ target, value: parseExpression(stream) });
  }
  const { body } = readBody(context, 'with', place, ['endwith']);
  return { kind: 'with', bindings, body, ...place };
}

function readParameters(stream: TokenStream): Parameter[] {
  const parameters: Parameter[] = [];
  stream.expectOperator('(');
  while (!stream.isOperator(')')) {
    if (parameters.length > 0) {
      stream.expectOperator(',');
      if (stream.isOperator(')')) break;
    }
    const { text: name, line, column } = stream.expectName();
    const fallback = stream.skipOperator('=') ? parseExpression(stream) : null;
    if (!fallback && parameters.at(-1)?.fallback) {
      throw stream.error(`The parameter '${name}' without a default follows one with a default`, {
        line,
        column,
      });
    }
    parameters.push({ name, fallback, line, column });
  }
  stream.expectOperator(')');
  return parameters;
}

/** Parameters (where the tag may have them) and body of something that can be called. */
function readRoutine(
  context: BlockContext,
  tag: string,
  place: Place,
  parameters: readonly Parameter[],
  end: string,
): Routine {
  const [{ body }, use] = context.stream.routine(() => readBody(context, tag, place, [end]));
  return { parameters, body, ...use };
}

function readCallBlock(context: BlockContext, place: Place): Statement {
  const { stream } = context;
  const parameters = stream.isOperator('(') ? readParameters(stream) : [];
  const call = parseExpression(stream);
  if (call.kind !== 'call') throw stream.error("The tag 'call' needs the call of a macro", place);
  const routine = readRoutine(context, 'call', place, parameters, 'endcall');
  return { kind: 'call-block', call: call satisfies CallNode, ...routine, ...place };
}

function readDefinition(
  context: BlockContext,
  place: Place,
  start: number,
  sort: DefinitionSort,
  end: string = `end${sort}`,
): DefinitionNode {
  const { stream } = context;
  const name = stream.expectName().text;
  const { adapter, languages } = sort === 'materialization' ? readMaterialization(stream) : defaultTraits;
  const hasParameters = sort === 'macro' || sort === 'test';
  const parameters =
    hasParameters && (sort === 'macro' || stream.isOperator('(')) ? readParameters(stream) : [];
  const routine = readRoutine(context, sort, place, parameters, end);
  return {
    kind: 'definition',
    sort,
    name,
    adapter,
    languages,
    ...routine,
    start,
    end: stream.current.end,
    ...place,
  };
}
