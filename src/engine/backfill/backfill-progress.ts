import type { Backfill, PartitionSets } from '../../core/backfill.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Graph } from '../../core/graph.ts';
import type { RunRecord } from '../../core/ledger.ts';
import type { GraphNode, NodeKey } from '../../core/node.ts';
import type { PartitionWorld } from '../../core/partition/calendar.ts';
import { correspond } from '../../core/partition/mapping.ts';
import {
  boxesOf,
  boxSet,
  count,
  difference,
  emptySet,
  firstOf,
  intersection,
  isEmpty,
  union,
  unionAll,
  type PartitionSet,
} from '../../core/partition/partition-set.ts';
import {
  readRanges,
  openSpace,
  toRanges,
  type PartitionSpace,
} from '../../core/partition/partition-space.ts';
import { nodeOf } from '../../core/plan.ts';
import { countParts } from '../partition/partition-steps.ts';
import type { PartitionTarget } from '../partition/partition-targets.ts';

/** What the next run of a backfill makes, and how the backfill stands then. */
export interface NextRun {
  readonly nodes: readonly NodeKey[];
  readonly targets: ReadonlyMap<NodeKey, PartitionTarget>;
  readonly requested: PartitionSets;
  readonly unmade: PartitionSets;
}

/** A node of a backfill with its sets. A node without partitions is one partition without a key. */
interface Member {
  readonly node: GraphNode;
  readonly space: PartitionSpace;
  readonly target: PartitionSet;
  requested: PartitionSet;
  unmade: PartitionSet;
  /** Nearest members upstream; of those that are not direct, all of it comes before. */
  readonly upstream: readonly { readonly key: NodeKey; readonly isDirect: boolean }[];
}

const whole: PartitionSpace = openSpace(
  { dimensions: [{ kind: 'static', name: 'whole', keys: ['whole'] }] },
  { nowMs: 0, zoneOffsetMs: () => 0, dynamicKeys: () => [] },
);

/**
 * Takes as many steps as a run may have, of every node a share, so that what reads a partition is made soon after it; never a partition
 * before what it reads of the targets. What reads a partition that could not be made is not made either. `nodes` is empty at the end.
 * Throws a `ConfigError` with code `backfill_outdated` when the project has changed.
 */
export function nextRun(backfill: Backfill, graph: Graph, world: PartitionWorld): NextRun {
  const members = openMembers(backfill, graph, world);
  requireSame(backfill, members);
  const taken = new Map<NodeKey, PartitionSet>();
  let room = backfill.stepsPerRun;
  let isGrowing = true;
  while (isGrowing && room > 0) {
    isGrowing = false;
    const open = members.filter((member) => !isEmpty(difference(member.target, member.requested)));
    for (const [index, member] of open.entries()) {
      giveUp(member, members);
      const share = Math.max(1, Math.floor(room / (open.length - index)));
      const part = firstSteps(member, readyOf(member, members), share);
      if (isEmpty(part) || room <= 0) continue;
      isGrowing = true;
      taken.set(member.node.key, union(taken.get(member.node.key) ?? part, part));
      member.requested = union(member.requested, part);
      room -= countParts(member.node, { space: member.space, set: part });
    }
  }
  return {
    nodes: [...taken.keys()],
    targets: new Map(
      members.flatMap(({ node, space }) => {
        const set = taken.get(node.key);
        return set && node.partitions ? [[node.key, { space, set }] as const] : [];
      }),
    ),
    requested: setsOf(members, ({ requested }) => requested),
    unmade: setsOf(members, ({ unmade }) => unmade),
  };
}

/** The backfill with what its latest run, which is over, did not make. */
export function withEndedRun(
  backfill: Backfill,
  run: RunRecord,
  graph: Graph,
  world: PartitionWorld,
): Backfill {
  const members = openMembers(backfill, graph, world);
  for (const step of run.steps) {
    const member = members.find(({ node }) => node.key === nodeOf(step));
    if (!member || step.state === 'succeeded') continue;
    const set = step.partitions ? readRanges(member.space, step.partitions.ranges) : member.space.everything;
    member.unmade = union(member.unmade, intersection(set, member.target));
  }
  return { ...backfill, unmade: setsOf(members, ({ unmade }) => unmade) };
}

function openMembers(backfill: Backfill, graph: Graph, world: PartitionWorld): readonly Member[] {
  return graph.nodes.flatMap((node): readonly Member[] => {
    const ranges = backfill.targets[node.key];
    if (!ranges) return [];
    const space = node.partitions ? openSpace(node.partitions, world) : whole;
    const setIn = (sets: PartitionSets): PartitionSet => {
      if (node.partitions) return readRanges(space, sets[node.key] ?? []);
      return sets[node.key] ? space.everything : emptySet(1);
    };
    return [
      {
        node,
        space,
        target: setIn(backfill.targets),
        requested: setIn(backfill.requested),
        unmade: setIn(backfill.unmade),
        upstream: nearestMembers(backfill, graph, node),
      },
    ];
  });
}

/** Throws a `ConfigError` when the project no longer has the partitions that the backfill is about. */
function requireSame({ targets }: Backfill, members: readonly Member[]): void {
  for (const [key, ranges] of Object.entries(targets)) {
    const member = members.find(({ node }) => node.key === key);
    const wanted = ranges.reduce((total, { from, to }) => total + to - from, 0);
    const isSame = member && (member.node.partitions ? count(member.target) === wanted : wanted === 0);
    if (isSame) continue;
    throw new ConfigError(`${key} no longer has the partitions that the backfill was to make`, {
      code: 'backfill_outdated',
      next: 'Start another one, with --missing: millrace backfill',
    });
  }
}

function nearestMembers({ targets }: Backfill, graph: Graph, node: GraphNode): Member['upstream'] {
  const found = new Map<NodeKey, boolean>();
  const seen = new Set<NodeKey>();
  const waiting = node.edges.map(({ from }) => ({ key: from, isDirect: true }));
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { key, isDirect } = next;
    if (targets[key]) found.set(key, isDirect || found.get(key) === true);
    else if (!seen.has(key)) {
      seen.add(key);
      for (const { from } of graph.byKey.get(key)?.edges ?? []) waiting.push({ key: from, isDirect: false });
    }
  }
  return [...found].map(([key, isDirect]) => ({ key, isDirect }));
}

/** The member's partitions that come after any of the partitions of its upstreams that `pick` gives. */
function after(
  member: Member,
  members: readonly Member[],
  pick: (upstream: Member) => PartitionSet,
): PartitionSet {
  const sets = member.upstream.flatMap(({ key, isDirect }) => {
    const upstream = members.find(({ node }) => node.key === key);
    return upstream ? [readersOf(member, upstream, pick(upstream), isDirect)] : [];
  });
  return unionAll(member.space.axes.length, sets);
}

function readersOf(member: Member, upstream: Member, set: PartitionSet, isDirect: boolean): PartitionSet {
  if (isEmpty(set)) return emptySet(member.space.axes.length);
  const haveBoth = member.node.partitions && upstream.node.partitions;
  if (!haveBoth || !isDirect) return member.space.everything;
  const edge = member.node.edges.find(({ from }) => from === upstream.node.key);
  return correspond(member.space, upstream.space, edge?.partitions).readersOf(set);
}

/** Gives up the partitions that come after one which was not made. */
function giveUp(member: Member, members: readonly Member[]): void {
  const open = difference(member.target, member.requested);
  const lost = intersection(
    open,
    union(
      after(member, members, ({ unmade }) => unmade),
      laterOnes(member),
    ),
  );
  member.requested = union(member.requested, lost);
  member.unmade = union(member.unmade, lost);
}

/** Of a node whose partitions are made in order, those after one that was not made. */
function laterOnes({ node, space, unmade }: Member): PartitionSet {
  const dimensions = space.axes.length;
  if (!node.partitions?.sequential) return emptySet(dimensions);
  const line = space.lineAxis ?? 0;
  const sets = boxesOf(unmade).map((box) =>
    boxSet(
      box.map((interval, index) =>
        index === line ? { ...interval, to: space.axes[line]?.to ?? interval.to } : interval,
      ),
    ),
  );
  return unionAll(dimensions, sets);
}

/** What is left of a member and comes after nothing that is neither made nor in this run. */
function readyOf(member: Member, members: readonly Member[]): PartitionSet {
  const left = difference(member.target, member.requested);
  return difference(
    left,
    after(member, members, (upstream) => difference(upstream.target, upstream.requested)),
  );
}

/** The first partitions that take so many steps. */
function firstSteps({ node }: Member, set: PartitionSet, steps: number): PartitionSet {
  const { partitionsPerStep: size = 1 } = node.partitions ?? {};
  return size === 'all' ? set : firstOf(set, steps * size);
}

function setsOf(members: readonly Member[], pick: (member: Member) => PartitionSet): PartitionSets {
  return Object.fromEntries(
    members.flatMap((member) => {
      const set = pick(member);
      if (isEmpty(set)) return [];
      return [[member.node.key, member.node.partitions ? toRanges(member.space, set) : []] as const];
    }),
  );
}
