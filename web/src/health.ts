import { formatQuantity } from './format.ts';
import type {
  FreshnessState,
  GraphNodePayload,
  NodeKey,
  NodeState,
  NodeStatus,
  RunState,
} from '../../src/server/contract.ts';

/** How a state looks: each tone has its own colour, sign and word. */
export type Tone = 'good' | 'busy' | 'bad' | 'warn' | 'waiting' | 'off';

const toneOfState: Readonly<Record<NodeState | RunState, Tone>> = {
  succeeded: 'good',
  running: 'busy',
  cancelling: 'busy',
  failed: 'bad',
  queued: 'waiting',
  pending: 'waiting',
  skipped: 'off',
  cancelled: 'off',
  never: 'off',
  external: 'off',
};

const wordOfState: Readonly<Record<NodeState | RunState, string>> = {
  succeeded: 'Succeeded',
  running: 'Running',
  cancelling: 'Cancelling',
  failed: 'Failed',
  queued: 'Queued',
  pending: 'Waiting',
  skipped: 'Skipped',
  cancelled: 'Cancelled',
  never: 'Not run yet',
  external: 'Kept by others',
};

export interface Health {
  readonly tone: Tone;
  readonly word: string;
}

export function stateHealth(state: NodeState | RunState): Health {
  return { tone: toneOfState[state], word: wordOfState[state] };
}

/** How old something is beside what is expected. */
export const freshnessHealth: Readonly<Record<FreshnessState['condition'], Health>> = {
  fresh: { tone: 'good', word: 'Fresh' },
  warn: { tone: 'warn', word: 'Soon too old' },
  stale: { tone: 'bad', word: 'Too old' },
};

export interface CheckCounts {
  readonly passed: number;
  readonly failed: number;
  readonly warned: number;
  readonly total: number;
}

/** A node with its status and, for an asset, its checks. */
export interface NodeView {
  readonly node: GraphNodePayload;
  readonly status: NodeStatus;
  readonly checks: readonly NodeView[];
  readonly checkCounts: CheckCounts;
  /** The node's own state made worse by its checks. */
  readonly health: Health;
}

/** Joins what the project defines with how it is now. Checks are in the list and under their asset. */
export function joinNodes(
  nodes: readonly GraphNodePayload[],
  statuses: readonly NodeStatus[],
): Map<NodeKey, NodeView> {
  const statusOf = new Map(statuses.map((status) => [status.key, status]));
  const views = new Map<NodeKey, NodeView>();
  const checksOf = new Map<NodeKey, NodeView[]>();
  for (const node of nodes) {
    if (!node.check) continue;
    const view = leafView(node, statusOf.get(node.key));
    views.set(node.key, view);
    checksOf.set(node.check.asset, [...(checksOf.get(node.check.asset) ?? []), view]);
  }
  for (const node of nodes) {
    if (node.check) continue;
    const leaf = leafView(node, statusOf.get(node.key));
    const checks = checksOf.get(node.key) ?? [];
    const checkCounts = countChecks(checks);
    views.set(node.key, { ...leaf, checks, checkCounts, health: withChecks(leaf, checkCounts) });
  }
  return views;
}

function leafView(node: GraphNodePayload, given: NodeStatus | undefined): NodeView {
  const status = given ?? { key: node.key, state: node.runnable ? 'never' : 'external' };
  const health = node.check ? checkHealth(node, status) : stateHealth(status.state);
  return { node, status, checks: [], checkCounts: countChecks([]), health };
}

function checkHealth(node: GraphNodePayload, status: NodeStatus): Health {
  const isBusy = status.state === 'running' || status.state === 'pending';
  if (isBusy || !status.check) return stateHealth(status.state);
  if (status.check.passed) return { tone: 'good', word: 'Passed' };
  return node.check?.severity === 'warn'
    ? { tone: 'warn', word: 'Warning' }
    : { tone: 'bad', word: 'Failed' };
}

function withChecks(leaf: NodeView, counts: CheckCounts): Health {
  if (leaf.health.tone === 'bad' || leaf.health.tone === 'busy') return leaf.health;
  if (counts.failed > 0) return { tone: 'bad', word: 'Check failed' };
  if (counts.warned > 0 && leaf.health.tone === 'good') return { tone: 'warn', word: 'Check warns' };
  return leaf.health;
}

function countChecks(checks: readonly NodeView[]): CheckCounts {
  const having = (tone: Tone): number => checks.filter((check) => check.health.tone === tone).length;
  return { passed: having('good'), failed: having('bad'), warned: having('warn'), total: checks.length };
}

/** What a node is, in one word for people. */
export function kindWord(node: Pick<GraphNodePayload, 'kind' | 'type'>): string {
  return node.kind === 'asset' || node.kind === 'check' ? node.type : node.kind;
}

/** `orders` of `shop/orders`. */
export function shortName(key: NodeKey): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

const countedKinds = [
  ['asset', 'assets'],
  ['task', 'tasks'],
  ['report', 'reports'],
  ['sync', 'syncs'],
] as const;

/** `11 assets · 1 task`: of the kinds that are there. */
export function nodeCounts(views: readonly NodeView[]): string {
  const counts = countedKinds.flatMap(([one, many]) => {
    const count = views.filter(({ node }) => node.kind === one).length;
    return count === 0 ? [] : [formatQuantity(count, one, many)];
  });
  return counts.join(' · ');
}
