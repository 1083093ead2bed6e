import type { ArgumentList, Expression, Place, Statement, Target, TemplateAst } from './syntax/ast.ts';

/** A call whose arguments are all constants, as plain JSON-able data. */
export interface StaticCall extends Place {
  readonly positional: readonly unknown[];
  readonly keyword: Readonly<Record<string, unknown>>;
}

/** What a template calls, as far as its text alone tells. Both branches of a condition count. */
export interface StaticCalls {
  readonly ref: readonly StaticCall[];
  readonly source: readonly StaticCall[];
  readonly config: readonly StaticCall[];
  readonly var: readonly StaticCall[];
  readonly env_var: readonly StaticCall[];
  /** Other functions and macros that are called, dotted where they belong to a package: `dbt_utils.star`. */
  readonly macros: readonly string[];
  /**
   * Whether the five functions were called with constants only, and never used but by a direct call: then, if no macro
   * is called either, the lists are all that a rendering could tell.
   */
  readonly isComplete: boolean;
}

const watched = ['ref', 'source', 'config', 'var', 'env_var'] as const;
type Watched = (typeof watched)[number];

interface Collection {
  readonly calls: Record<Watched, StaticCall[]>;
  readonly macros: Set<string>;
  isComplete: boolean;
}

/** Reads the calls of a template without rendering it. The bodies of its macros count. */
export function collectStaticCalls(ast: Pick<TemplateAst, 'body'>): StaticCalls {
  const collection: Collection = {
    calls: { ref: [], source: [], config: [], var: [], env_var: [] },
    macros: new Set(),
    isComplete: true,
  };
  visitAll(ast.body, collection);
  return { ...collection.calls, macros: [...collection.macros], isComplete: collection.isComplete };
}

function visitAll(body: readonly Statement[], into: Collection): void {
  for (const statement of body) visitStatement(statement, into);
}

function visitStatement(node: Statement, into: Collection): void {
  switch (node.kind) {
    case 'output':
    case 'do':
      return visit(node.value, into);
    case 'if':
      for (const branch of node.branches) {
        visit(branch.test, into);
        visitAll(branch.body, into);
      }
      return visitAll(node.otherwise, into);
    case 'for':
      visitTarget(node.target, into);
      visit(node.iterable, into);
      visit(node.test, into);
      visitAll(node.body, into);
      return visitAll(node.otherwise, into);
    case 'set':
      visitTarget(node.target, into);
      return visit(node.value, into);
    case 'set-block':
    case 'filter-block':
      if (node.kind === 'set-block') visitTarget(node.target, into);
      visit(node.filter, into);
      return visitAll(node.body, into);
    case 'with':
      for (const binding of node.bindings) visit(binding.value, into);
      return visitAll(node.body, into);
    case 'call-block':
    case 'definition':
      if (node.kind === 'call-block') visit(node.call, into);
      else if (node.sort === 'macro' && isWatched(node.name)) into.isComplete = false;
      for (const parameter of node.parameters) visit(parameter.fallback, into);
      return visitAll(node.body, into);
    default:
  }
}

/** A template that gives one of the functions another meaning cannot be told by its text. */
function visitTarget(target: Target, into: Collection): void {
  if (target.kind === 'name' && isWatched(target.name)) into.isComplete = false;
  if (target.kind === 'target-tuple') for (const item of target.items) visitTarget(item, into);
}

function isWatched(name: string): name is Watched {
  return (watched as readonly string[]).includes(name);
}

function visit(node: Expression | null, into: Collection): void {
  switch (node?.kind) {
    case 'call':
      visitCallee(node.callee, node.arguments, into);
      return visitArguments(node.arguments, into);
    case 'name':
      if (isWatched(node.name) || node.name === 'context' || node.name === 'builtins')
        into.isComplete = false;
      return undefined;
    case 'list':
    case 'tuple':
      return node.items.forEach((item) => visit(item, into));
    case 'dict':
      return node.entries.forEach(({ key, value }) => {
        visit(key, into);
        visit(value, into);
      });
    case 'attribute':
      return visit(node.object, into);
    case 'item':
      visit(node.object, into);
      return visit(node.key, into);
    case 'slice':
      return [node.start, node.stop, node.step].forEach((part) => visit(part, into));
    case 'filter':
    case 'test':
      visit(node.operand, into);
      return visitArguments(node.arguments, into);
    case 'unary':
      return visit(node.operand, into);
    case 'binary':
    case 'and':
    case 'or':
      visit(node.left, into);
      return visit(node.right, into);
    case 'concat':
      return node.parts.forEach((part) => visit(part, into));
    case 'compare':
      visit(node.first, into);
      return node.rest.forEach((part) => visit(part.operand, into));
    case 'conditional':
      visit(node.test, into);
      visit(node.consequent, into);
      return visit(node.otherwise, into);
    default:
      return undefined;
  }
}

function visitArguments(list: ArgumentList, into: Collection): void {
  for (const argument of list.positional) visit(argument, into);
  for (const argument of list.keyword) visit(argument.value, into);
  visit(list.spread, into);
  visit(list.keywordSpread, into);
}

function visitCallee(callee: Expression, list: ArgumentList, into: Collection): void {
  if (callee.kind === 'name' && isWatched(callee.name)) {
    const call = constantCall(callee, list);
    if (call) into.calls[callee.name].push(call);
    else into.isComplete = false;
    return;
  }
  const path = dottedPath(callee);
  if (path === undefined) return visit(callee, into);
  const [root = ''] = path.split('.');
  if (isWatched(root) && root !== 'config') visit(callee, into);
  else if (root === 'builtins' || root === 'context') into.isComplete = false;
  else if (root !== 'config') into.macros.add(path);
}

function dottedPath(node: Expression): string | undefined {
  if (node.kind === 'name') return node.name;
  if (node.kind !== 'attribute') return undefined;
  const object = dottedPath(node.object);
  return object === undefined ? undefined : `${object}.${node.name}`;
}

function constantCall(place: Place, list: ArgumentList): StaticCall | undefined {
  if (list.spread || list.keywordSpread) return undefined;
  const positional = list.positional.map(constantOf);
  const keyword = list.keyword.map(({ name, value }) => [name, constantOf(value)] as const);
  const all = [...positional, ...keyword.map(([, value]) => value)];
  if (all.includes(undefined)) return undefined;
  return { positional, keyword: Object.fromEntries(keyword), line: place.line, column: place.column };
}

/** The value of a constant expression as plain data; `undefined` for any other expression. */
function constantOf(node: Expression): unknown {
  switch (node.kind) {
    case 'constant':
    case 'float':
      return node.value;
    case 'big-integer':
      return node.digits;
    case 'list':
    case 'tuple': {
      const items = node.items.map(constantOf);
      return items.includes(undefined) ? undefined : items;
    }
    case 'dict': {
      const entries = node.entries.map(({ key, value }) => [constantOf(key), constantOf(value)] as const);
      const isPlain = entries.every(([key, value]) => typeof key === 'string' && value !== undefined);
      return isPlain ? Object.fromEntries(entries) : undefined;
    }
    case 'unary': {
      const operand = node.operator === '-' ? constantOf(node.operand) : undefined;
      return typeof operand === 'number' ? -operand : undefined;
    }
    default:
      return undefined;
  }
}
