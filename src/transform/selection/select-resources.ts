import type { ManifestArtifact } from '../artifacts/artifact-node.ts';
import type { Criterion, IndirectSelection, SelectionSpec } from './criterion.ts';
import { matches } from './methods.ts';
import type { PreviousState } from './previous-state.ts';
import { reach, type SelectionGraph, selectionGraph } from './selection-graph.ts';

export interface SelectionRequest {
  readonly manifest: ManifestArtifact;
  readonly spec: SelectionSpec;
  /** What `state:`, `result:` and `source_status:` compare with. */
  readonly previous?: PreviousState | undefined;
  /** Absolute folder of the dbt project, whose files `path:` names. */
  readonly root: string;
  /** A term that selects nothing. */
  warn(message: string): void;
}

/**
 * Ids of the resources that dbt selects, in the manifest's order: tests are taken along with what they test as each
 * criterion's indirect selection says. Throws a ConfigError `selection_invalid`, or `state_missing`.
 */
export function selectResources(request: SelectionRequest): readonly string[] {
  const graph = selectionGraph(request.manifest);
  const { direct } = evaluate({ ...request, graph }, request.spec);
  return [...graph.byId.keys()].filter((id) => direct.has(id));
}

type Selecting = SelectionRequest & { readonly graph: SelectionGraph };

interface Found {
  readonly direct: ReadonlySet<string>;
  /** Tests some of whose parents are selected. */
  readonly indirect: ReadonlySet<string>;
}

function evaluate(selecting: Selecting, spec: SelectionSpec): Found {
  if (spec.type === 'criterion') return ofCriterion(selecting, spec);
  const parts = spec.parts.map((part) => evaluate(selecting, part));
  const initial = combined(
    spec.type,
    parts.map(({ direct }) => direct),
  );
  const indirect = combined(
    spec.type,
    parts.map(({ direct, indirect: more }) => new Set([...direct, ...more])),
  );
  const direct = withCompleted(selecting, initial, indirect, spec.indirect);
  if (spec.raw !== undefined && direct.size === 0) {
    selecting.warn(`the selection "${spec.raw}" fits nothing`);
  }
  return { direct, indirect };
}

function combined(
  type: 'union' | 'intersection' | 'difference',
  sets: readonly ReadonlySet<string>[],
): ReadonlySet<string> {
  const [first = new Set<string>(), ...rest] = sets;
  if (type === 'union') return new Set(sets.flatMap((set) => [...set]));
  const isKept =
    type === 'intersection'
      ? (id: string): boolean => rest.every((set) => set.has(id))
      : (id: string): boolean => !rest.some((set) => set.has(id));
  return new Set([...first].filter(isKept));
}

function ofCriterion(selecting: Selecting, criterion: Criterion): Found {
  const { graph } = selecting;
  const found = new Set(matches(selecting, criterion));
  const selected = new Set(found);
  const add = (ids: Iterable<string>): void => {
    for (const id of ids) selected.add(id);
  };
  if (criterion.childrensParents) {
    const below = new Set([...found, ...reach(graph.children, found, Infinity)]);
    add(below);
    add(reach(graph.parents, below, Infinity));
  }
  add(reach(graph.parents, found, criterion.upstream));
  add(reach(graph.children, found, criterion.downstream));
  return expanded(graph, selected, criterion.indirect);
}

/** With the tests of what is selected. */
function expanded(graph: SelectionGraph, selected: ReadonlySet<string>, mode: IndirectSelection): Found {
  if (mode === 'empty') return { direct: selected, indirect: new Set() };
  const direct = new Set(selected);
  const indirect = new Set<string>();
  const buildable = mode === 'buildable' ? buildableFrom(graph, selected) : new Set<string>();
  for (const id of reach(graph.children, selected, 1)) {
    if (!isTest(graph, id)) continue;
    const parents = graph.parents[id] ?? [];
    const isComplete =
      mode === 'eager' ||
      parents.every((parent) => selected.has(parent)) ||
      (mode === 'buildable' && parents.every((parent) => buildable.has(parent)));
    (isComplete ? direct : indirect).add(id);
  }
  return { direct, indirect };
}

/** Adds the tests all of whose parents have come together by now. */
function withCompleted(
  { graph }: Selecting,
  direct: ReadonlySet<string>,
  indirect: ReadonlySet<string>,
  mode: IndirectSelection,
): ReadonlySet<string> {
  if (mode !== 'cautious' && mode !== 'buildable') return direct;
  const enough = mode === 'cautious' ? direct : buildableFrom(graph, direct);
  const completed = [...indirect].filter(
    (id) => isTest(graph, id) && (graph.parents[id] ?? []).every((parent) => enough.has(parent)),
  );
  return new Set([...direct, ...completed]);
}

function buildableFrom(graph: SelectionGraph, selected: ReadonlySet<string>): ReadonlySet<string> {
  const sources = [...graph.byId.values()].filter((node) => node.resource_type === 'source');
  return new Set([
    ...selected,
    ...reach(graph.parents, selected, Infinity),
    ...sources.map((node) => node.unique_id),
  ]);
}

function isTest(graph: SelectionGraph, id: string): boolean {
  const type = graph.byId.get(id)?.resource_type;
  return type === 'test' || type === 'unit_test';
}
