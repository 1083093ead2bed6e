import { type Failure, formatError } from '../../core/errors.ts';
import type { Completion, StepOutcome } from '../../core/executor.ts';
import type { RunRecord, RunTrigger } from '../../core/ledger.ts';
import type { NodeKey } from '../../core/node.ts';
import type { RunStore } from '../../core/ports.ts';
import { nodeOfKey } from '../../core/plan.ts';
import type { RunEvent, RunStateEvent, StepStateEvent } from '../../core/run-event.ts';
import type { AlertRule, Verdict } from './alert-rule.ts';
import { leastHistory, usualRange } from './usual-range.ts';

export interface JudgementPlace {
  readonly store: Pick<RunStore, 'findRun' | 'completionHistory' | 'latestCompletions' | 'ticks'>;
  readonly rules: readonly AlertRule[];
  /** Keys of the project's assets that runs make. */
  readonly assets: () => readonly NodeKey[];
  /** The newest time at which a schedule should have started, up to `atMs`. */
  readonly lastDueMs: (schedule: string, atMs: number) => number | undefined;
  /** Since when a node is older than is expected of it; undefined while it is not. */
  readonly staleSinceMs: (key: NodeKey, madeAtMs: number, nowMs: number) => Promise<number | undefined>;
  /** Nodes whose age something is expected of. */
  readonly expected: () => readonly NodeKey[];
}

/** What the rules say to each event, in the events' order. */
export async function judgeEvents(
  place: JudgementPlace,
  events: readonly RunEvent[],
): Promise<readonly Verdict[]> {
  const runs = new Map<string, RunRecord | undefined>();
  const verdicts: Verdict[] = [];
  for (const event of events) {
    if (event.type === 'run_state' && (event.state === 'failed' || event.state === 'succeeded')) {
      if (!runs.has(event.runId)) runs.set(event.runId, await place.store.findRun(event.runId));
      verdicts.push(...judgeRun(place.rules, event, runs.get(event.runId)));
    }
    if (event.type === 'step_state' && (event.state === 'failed' || event.state === 'succeeded')) {
      verdicts.push(...judgeStep(place.rules, event), ...(await judgeVolume(place, event)));
    }
  }
  return verdicts;
}

function judgeRun(
  rules: readonly AlertRule[],
  event: RunStateEvent,
  run: RunRecord | undefined,
): readonly Verdict[] {
  if (!run) return [];
  return rules
    .filter(
      ({ on, schedule }) =>
        on === 'run_failed' && (schedule === undefined || schedule === run.trigger.schedule),
    )
    .map((rule) => ({
      rule,
      subject: subjectOf(run.trigger, run.selection),
      isWell: event.state === 'succeeded',
      atMs: event.atMs,
      facts: { run: run.id, ...(event.failure ? { error: errorOf(event.failure, run) } : {}) },
    }));
}

/** Steps whose failures a message about a run tells. */
const mostTold = 3;

/** What is said of the run, and the beginnings of what failed in it. */
function errorOf({ message }: Failure, { steps }: RunRecord): string {
  const failed = steps.flatMap(({ key, failure }) =>
    failure ? [`${key}: ${failure.message.split('\n', 1)[0]}`] : [],
  );
  return [message, ...failed.slice(0, mostTold)].join('\n');
}

function subjectOf({ schedule }: RunTrigger, selection: string): string {
  if (schedule !== undefined) return `schedule ${schedule}`;
  return `run of ${selection === '' ? 'everything' : selection}`;
}

function judgeStep(rules: readonly AlertRule[], event: StepStateEvent): readonly Verdict[] {
  const { failure, outcome, reason } = event;
  const error = failure ? formatError(failure) : (outcome?.check?.message ?? reason ?? '');
  return rules
    .filter((rule) => rule.on === 'step_failed' && concerns(rule, nodeOfKey(event.step)))
    .map((rule) => ({
      rule,
      subject: event.step,
      isWell: event.state === 'succeeded',
      atMs: event.atMs,
      facts: { run: event.runId, ...(event.state === 'failed' ? { error } : {}) },
    }));
}

async function judgeVolume(place: JudgementPlace, event: StepStateEvent): Promise<readonly Verdict[]> {
  const rows = event.state === 'succeeded' && event.outcome ? volumeOf(event.outcome) : undefined;
  if (rows === undefined) return [];
  const node = nodeOfKey(event.step);
  const isAsset = place.assets().includes(node);
  const rules = place.rules.filter((rule) => rule.on === 'volume' && isAsset && concerns(rule, node));
  const verdicts: Verdict[] = [];
  for (const rule of rules) {
    const history = await place.store.completionHistory(node, rule.history + leastHistory);
    const before = history.filter(isEarlierThan(event)).slice(0, rule.history);
    const range = usualRange(
      before.flatMap((completion) => volumeOf(completion) ?? []),
      rule.deviations,
    );
    if (!range) continue;
    verdicts.push({
      rule,
      subject: event.step,
      isWell: rows >= range.from && rows <= range.to,
      atMs: event.atMs,
      facts: { run: event.runId, rows: String(rows), usual: `${range.from} to ${range.to}` },
    });
  }
  return verdicts;
}

function isEarlierThan(event: StepStateEvent): (completion: Completion) => boolean {
  return ({ runId, finishedAtMs }) => runId !== event.runId && finishedAtMs <= event.atMs;
}

/** Rows that were read by a load, else the rows of what was made. */
function volumeOf({ rows, metadata }: StepOutcome): number | undefined {
  const read = metadata['rowsRead'];
  return typeof read === 'number' ? read : rows;
}

/** What should have happened by now. `sinceMs` is when the rules were first looked at: nothing before it counts as late. */
export async function judgeLateness(
  place: JudgementPlace,
  nowMs: number,
  sinceMs: number,
): Promise<readonly Verdict[]> {
  const rules = place.rules.filter(({ on }) => on === 'late');
  if (rules.length === 0) return [];
  const completions = await place.store.latestCompletions();
  const finished = new Map(completions.map(({ key, finishedAtMs }) => [key, finishedAtMs]));
  const verdicts: Verdict[] = [];
  for (const rule of rules) {
    if (rule.withinSeconds === undefined) {
      verdicts.push(...(await judgeFreshness(place, rule, finished, nowMs, sinceMs)));
      continue;
    }
    const mostMs = rule.withinSeconds * 1000;
    if (rule.schedule !== undefined) {
      const dueMs = place.lastDueMs(rule.schedule, nowMs - mostMs);
      const [tick] = await place.store.ticks(rule.schedule, 1);
      const isWell = dueMs === undefined || dueMs < sinceMs || (tick?.nominalAtMs ?? 0) >= dueMs;
      const facts = dueMs === undefined ? {} : { since: new Date(dueMs).toISOString() };
      verdicts.push({ rule, subject: `schedule ${rule.schedule}`, isWell, atMs: nowMs, facts });
      continue;
    }
    for (const key of place.assets().filter((asset) => concerns(rule, asset))) {
      const lastMs = finished.get(key);
      const isWell = nowMs - Math.max(lastMs ?? 0, sinceMs) <= mostMs;
      const facts = lastMs === undefined ? {} : { since: new Date(lastMs).toISOString() };
      verdicts.push({ rule, subject: key, isWell, atMs: nowMs, facts });
    }
  }
  return verdicts;
}

async function judgeFreshness(
  place: JudgementPlace,
  rule: AlertRule,
  finished: ReadonlyMap<NodeKey, number>,
  nowMs: number,
  sinceMs: number,
): Promise<readonly Verdict[]> {
  const keys = place.expected().filter((key) => concerns(rule, key));
  return Promise.all(
    keys.map(async (key) => {
      const madeAtMs = Math.max(finished.get(key) ?? 0, sinceMs);
      const staleSinceMs = await place.staleSinceMs(key, madeAtMs, nowMs);
      const isWell = staleSinceMs === undefined;
      const facts = isWell ? {} : { since: new Date(staleSinceMs).toISOString() };
      return { rule, subject: key, isWell, atMs: nowMs, facts };
    }),
  );
}

function concerns(rule: AlertRule, key: NodeKey): boolean {
  return rule.nodes === undefined || rule.nodes().has(key);
}
