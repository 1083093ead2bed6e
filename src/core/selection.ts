import { ConfigError } from './errors.ts';
import { ancestors, checksOf, descendants, type Graph } from './graph.ts';
import { didYouMean } from './near-name.ts';
import type { GraphNode, NodeKey } from './node.ts';
import { resolveReference } from './reference.ts';
import { parseSelection, type Criterion, type Reach, type Selector } from './selection-grammar.ts';

/** What to take of a graph. */
export interface Selection {
  /** Empty or absent means everything. See `selection-grammar.ts`. */
  readonly select?: string | undefined;
  readonly exclude?: string | undefined;
}

/**
 * Keys of the selected nodes, in the graph's order. A check is selected with its asset.
 * Throws a `ConfigError` for a syntax error and for a name, tag, group or path that fits nothing.
 */
export function selectNodes(graph: Graph, selection: Selection): readonly NodeKey[] {
  const included = evaluateText(graph, selection.select) ?? new Set(graph.byKey.keys());
  const excluded = evaluateText(graph, selection.exclude) ?? new Set<NodeKey>();
  return graph.nodes.map((node) => node.key).filter((key) => included.has(key) && !excluded.has(key));
}

function evaluateText(graph: Graph, text: string | undefined): ReadonlySet<NodeKey> | undefined {
  const selector = parseSelection(text ?? '');
  return selector ? withChecks(graph, evaluate(graph, selector)) : undefined;
}

function withChecks(graph: Graph, keys: ReadonlySet<NodeKey>): ReadonlySet<NodeKey> {
  const all = new Set(keys);
  for (const key of keys) for (const check of checksOf(graph, key)) all.add(check.key);
  return all;
}

function evaluate(graph: Graph, selector: Selector): ReadonlySet<NodeKey> {
  if (selector.type === 'union') return new Set(selector.parts.flatMap((part) => [...evaluate(graph, part)]));
  if (selector.type === 'reach') return reach(graph, selector);
  if (selector.type === 'criterion') return matchCriterion(graph, selector.criterion);
  if (selector.type === 'intersection') {
    return intersect(selector.parts.map((part) => withChecks(graph, evaluate(graph, part))));
  }
  const without = withChecks(graph, evaluate(graph, selector.part));
  return new Set([...graph.byKey.keys()].filter((key) => !without.has(key)));
}

function intersect(sets: readonly ReadonlySet<NodeKey>[]): ReadonlySet<NodeKey> {
  const [first, ...rest] = sets;
  return new Set([...(first ?? [])].filter((key) => rest.every((set) => set.has(key))));
}

function reach(graph: Graph, selector: Reach): ReadonlySet<NodeKey> {
  const keys = new Set(evaluate(graph, selector.part));
  const start = [...keys];
  const add = (found: Iterable<NodeKey>): void => {
    for (const key of found) keys.add(key);
  };
  for (const key of start) {
    if (selector.downstream > 0) add(descendants(graph, key, selector.downstream));
    if (selector.upstream > 0) add(ancestors(graph, key, selector.upstream));
  }
  if (selector.buildable) {
    for (const key of start) add(descendants(graph, key));
    for (const key of Array.from(keys)) add(ancestors(graph, key));
  }
  return keys;
}

function matchCriterion(graph: Graph, criterion: Criterion): ReadonlySet<NodeKey> {
  const { method, value } = criterion;
  if (method === 'name' && !value.includes('*')) return new Set([matchName(graph, value)]);
  const pattern = globPattern(method === 'path' ? value.replace(/\/$/, '') : value);
  const found = graph.nodes.filter((node) => subjects(node, criterion).some((text) => pattern.test(text)));
  if (found.length === 0) throw nothingFits(graph, criterion);
  return new Set(found.map((node) => node.key));
}

function matchName(graph: Graph, name: string): NodeKey {
  const match = resolveReference(graph.references, name);
  if (match.found === 'one') return match.key;
  if (match.found === 'none') throw nothingFits(graph, { method: 'name', value: name });
  throw new ConfigError(`"${name}" could be ${match.keys.join(' or ')}`, {
    code: 'selection_ambiguous',
    next: 'Write the whole key.',
  });
}

/** The texts of a node that a criterion is compared with. */
function subjects(node: GraphNode, { method, value }: Criterion): readonly string[] {
  const bySubject: Record<Criterion['method'], () => readonly string[]> = {
    name: () => [value.includes('/') ? node.key : node.key.slice(node.key.lastIndexOf('/') + 1)],
    tag: () => node.tags,
    kind: () => [node.kind, node.type],
    group: () => [node.group],
    path: () => folders(node.origin.file),
  };
  return bySubject[method]();
}

/** `models/shop/orders.sql`, `models/shop` and `models`. */
function folders(file: string): readonly string[] {
  const parts = file.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** `*` stands for characters of one segment, `**` for any. Case matters not. */
function globPattern(glob: string): RegExp {
  const source = glob
    .split(/(\*\*|\*)/)
    .map((part) => (part === '**' ? '.*' : part === '*' ? '[^/]*' : RegExp.escape(part)))
    .join('');
  return new RegExp(`^${source}$`, 'iu');
}

function nothingFits(graph: Graph, { method, value }: Criterion): ConfigError {
  const what = method === 'name' ? `Nothing is named "${value}"` : `Nothing has ${method}:${value}`;
  const known = knownValues(graph, { method, value });
  const isShortList = method !== 'name' && method !== 'path' && known.length > 0;
  const list = isShortList ? `There are: ${known.join(', ')}.` : 'To see what there is, run: millrace plan';
  return new ConfigError(what, { code: 'selection_empty', next: didYouMean(value, known) ?? list });
}

function knownValues(graph: Graph, criterion: Criterion): readonly string[] {
  if (criterion.method === 'name') return [...graph.references.exact.keys()];
  const values = graph.nodes.flatMap((node) => subjects(node, criterion));
  return [...new Set(values)].filter((value) => value !== '').sort();
}
