import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, type Failure } from '../../src/core/errors.ts';
import type { Completion, StepOutcome } from '../../src/core/executor.ts';
import type { RunRecord, RunSummary, RunTrigger, StepRecord } from '../../src/core/ledger.ts';
import type { GraphNode, NodeKey } from '../../src/core/node.ts';
import type { EventQuery } from '../../src/core/ports.ts';
import type { RunEvent, StepProgressEvent } from '../../src/core/run-event.ts';
import { isRunFinished, type RunState, type StepState } from '../../src/core/run-state.ts';
import type { LiveEvent, ServerHost } from '../../src/server/index.ts';
import { retailNodes, retailReport, retailReports, sampleOrders } from './retail-project.ts';

type Unwritten<T> = T extends RunEvent ? Omit<T, 'sequence'> : never;

export interface MemoryHostOptions {
  /** How long a step seems to work; 0 finishes at once. */
  readonly stepMs?: number;
  /** Nodes that fail, as an executor's error or as a check. */
  readonly failing?: readonly NodeKey[];
}

/** A project in memory whose steps only pretend to work: what the server and the page are tried on. */
export class MemoryHost implements ServerHost {
  readonly name = 'RetailFlow';
  readonly ledger: ServerHost['ledger'];
  readonly runs: ServerHost['runs'];
  readonly cancelled: Set<string> = new Set();
  readonly #runs = new Map<string, RunRecord>();
  readonly #events: RunEvent[] = [];
  readonly #completions: Completion[] = [];
  readonly #listeners = new Set<(event: LiveEvent) => void>();
  readonly #options: Required<MemoryHostOptions>;

  constructor(options: MemoryHostOptions = {}) {
    this.#options = { stepMs: options.stepMs ?? 0, failing: options.failing ?? [] };
    this.ledger = {
      lastSequence: async () => this.#events.length,
      findRun: async (runId) => this.#runs.get(runId),
      listRuns: async (filter) =>
        [...this.#runs.values()]
          .reverse()
          .filter((run) => filter.beforeMs === undefined || run.createdAtMs < filter.beforeMs)
          .slice(0, filter.limit),
      events: async (query) => this.#findEvents(query),
      latestCompletions: async () => [...new Map(this.#completions.map((done) => [done.key, done])).values()],
      completionHistory: async (key, limit) =>
        this.#completions
          .filter((done) => done.key === key)
          .reverse()
          .slice(0, limit),
    };
    this.runs = {
      enqueue: async (request) => {
        const nodes = selectNodes(request.selection);
        const run = this.#createRun(request.selection, { kind: 'page' }, nodes, Date.now());
        void this.execute(run.id);
        return { runId: run.id };
      },
      cancel: async (runId) => {
        this.cancelled.add(runId);
        this.#moveRun(runId, 'cancelling', Date.now());
      },
      subscribe: (listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  manifestHash(): string {
    return 'fixture';
  }

  nodes(): readonly GraphNode[] {
    return retailNodes;
  }

  schedules(): ReturnType<ServerHost['schedules']> {
    return [
      {
        name: 'every_five_minutes',
        cron: '*/5 * * * *',
        timeZone: 'Europe/Berlin',
        selection: 'shop/orders+',
        active: true,
        nextAtMs: Date.now() + 180_000,
      },
    ];
  }

  reports(): ReturnType<ServerHost['reports']> {
    return retailReports;
  }

  async renderReport(): ReturnType<ServerHost['renderReport']> {
    return retailReport(Date.now());
  }

  async sampleRows(_key: NodeKey, limit: number): ReturnType<ServerHost['sampleRows']> {
    return sampleOrders(limit);
  }

  async query(): ReturnType<ServerHost['query']> {
    return sampleOrders(5);
  }

  async unreadAssets(): ReturnType<ServerHost['unreadAssets']> {
    return [
      {
        key: 'marts/orders_per_weekday',
        reason: 'No report and no sync reads it, directly or through other models.',
        rows: 7,
        lastDurationMs: 1840,
      },
    ];
  }

  /** A finished run of the past, for a page that has something to show. */
  addPastRun(selection: string, startedAtMs: number, failing: readonly NodeKey[] = []): string {
    const trigger: RunTrigger = {
      kind: 'schedule',
      schedule: 'every_five_minutes',
      nominalAtMs: startedAtMs,
    };
    const run = this.#createRun(selection, trigger, selectNodes(selection), startedAtMs - 400);
    this.#moveRun(run.id, 'running', startedAtMs);
    let atMs = startedAtMs;
    for (const step of run.steps) {
      if (this.#isBlocked(run.id, step.key)) {
        this.#moveStep(run.id, step.key, 'skipped', atMs, { reason: 'Something upstream failed.' });
        continue;
      }
      this.#moveStep(run.id, step.key, 'running', atMs);
      this.#log(run.id, step.key, `started ${step.key}`, atMs);
      const durationMs = 300 + ((step.key.length * 7919) % 2600);
      this.#finishStep(run.id, step.key, failing.includes(step.key), atMs + durationMs, startedAtMs);
      atMs += step.kind === 'check' ? 90 : durationMs * 0.6;
    }
    this.#moveRun(run.id, this.#endState(run.id), atMs + 3000);
    return run.id;
  }

  /** Works through a queued run, step after step. */
  async execute(runId: string): Promise<void> {
    this.#moveRun(runId, 'running', Date.now());
    for (const { key } of this.#run(runId).steps) {
      if (this.cancelled.has(runId)) this.#moveStep(runId, key, 'cancelled', Date.now());
      else if (this.#isBlocked(runId, key)) {
        this.#moveStep(runId, key, 'skipped', Date.now(), { reason: 'Something upstream failed.' });
      } else await this.#executeStep(runId, key);
    }
    this.#moveRun(runId, this.cancelled.has(runId) ? 'cancelled' : this.#endState(runId), Date.now());
  }

  async #executeStep(runId: string, key: NodeKey): Promise<void> {
    this.#moveStep(runId, key, 'running', Date.now());
    this.#log(runId, key, `reading ${key}`, Date.now());
    for (let part = 1; part <= 4; part += 1) {
      if (this.#options.stepMs > 0) await sleep(this.#options.stepMs / 4);
      this.#tell({
        type: 'step_progress',
        runId,
        step: key,
        atMs: Date.now(),
        progress: { rows: part * 25_000, totalRows: 100_000, phase: 'copying' },
      });
    }
    this.#log(runId, key, 'wrote 100000 rows', Date.now());
    this.#finishStep(runId, key, this.#options.failing.includes(key), Date.now(), Date.now());
  }

  #finishStep(runId: string, key: NodeKey, fails: boolean, atMs: number, seed: number): void {
    const step = this.#step(runId, key);
    const isCheck = step.kind === 'check';
    const rows = 90_000 + (Math.floor(seed / 60_000) % 97) * 113;
    const outcome: StepOutcome = {
      ...(isCheck ? {} : { rows }),
      ...(isCheck
        ? {
            check: {
              passed: !fails,
              failures: fails ? 12 : 0,
              message: fails ? '12 rows break the rule' : 'ok',
            },
          }
        : {}),
      metadata: isCheck ? {} : { lane: 'copy binary', watermark: '2026-10-14T09:30:00Z' },
    };
    const failure: Failure = {
      kind: isCheck ? 'data' : 'config',
      code: isCheck ? 'check_failed' : 'column_missing',
      message: isCheck ? `${key}: 12 rows break the rule.` : 'The source has no column "discount" any more.',
      origin: { file: 'replications/orders.yaml', line: 12 },
      state: 'The table holds what it held before.',
      next: `Correct the place, then run: millrace run ${key}`,
    };
    if (fails) this.#log(runId, key, failure.message, atMs, 'error');
    this.#moveStep(runId, key, fails ? 'failed' : 'succeeded', atMs, {
      ...(!fails || isCheck ? { outcome } : {}),
      ...(fails ? { failure } : {}),
    });
    if (fails && !isCheck) return;
    const startedAtMs = this.#step(runId, key).startedAtMs ?? atMs;
    this.#completions.push({ ...outcome, key, runId, finishedAtMs: atMs, durationMs: atMs - startedAtMs });
  }

  #createRun(
    selection: string,
    trigger: RunTrigger,
    nodes: readonly GraphNode[],
    createdAtMs: number,
  ): RunRecord {
    const keys = new Set(nodes.map((node) => node.key));
    const run: RunRecord = {
      id: `run-${this.#runs.size + 1}`,
      state: 'queued',
      selection,
      trigger,
      createdAtMs,
      stepCounts: noSteps,
      plan: {
        selection,
        manifestHash: this.manifestHash(),
        options: { fullRefresh: false },
        steps: nodes.map((node) => ({
          key: node.key,
          kind: node.kind,
          type: node.type,
          executor: node.executor ?? '',
          dependsOn: dependenciesOf(node).filter((key) => keys.has(key)),
          locks: [],
          retry: { maxAttempts: 1, delaySeconds: 0, maxDelaySeconds: 0 },
        })),
      },
      steps: nodes.map((node) => ({
        key: node.key,
        kind: node.kind,
        type: node.type,
        state: 'pending',
        attempt: 0,
      })),
    };
    this.#keep(run);
    this.#write({ type: 'run_state', runId: run.id, atMs: createdAtMs, state: 'queued' });
    return run;
  }

  #moveRun(runId: string, state: RunState, atMs: number): void {
    const run = this.#run(runId);
    this.#keep({
      ...run,
      state,
      ...(state === 'running' ? { startedAtMs: atMs } : {}),
      ...(isRunFinished(state) ? { finishedAtMs: atMs } : {}),
    });
    this.#write({ type: 'run_state', runId, atMs, state });
  }

  #moveStep(
    runId: string,
    key: NodeKey,
    state: StepState,
    atMs: number,
    detail: Pick<StepRecord, 'failure' | 'outcome' | 'reason'> = {},
  ): void {
    const run = this.#run(runId);
    const change = state === 'running' ? { attempt: 1, startedAtMs: atMs } : { finishedAtMs: atMs };
    const steps = run.steps.map((step) =>
      step.key === key ? { ...step, state, ...change, ...detail } : step,
    );
    this.#keep({ ...run, steps });
    const { failure, outcome, reason } = detail;
    this.#write({
      type: 'step_state',
      runId,
      atMs,
      step: key,
      state,
      attempt: 1,
      ...(failure ? { failure } : {}),
      ...(outcome ? { outcome } : {}),
      ...(reason === undefined ? {} : { reason }),
    });
  }

  #log(runId: string, step: NodeKey, message: string, atMs: number, level: 'info' | 'error' = 'info'): void {
    this.#write({ type: 'step_log', runId, atMs, step, attempt: 1, level, message });
  }

  #isBlocked(runId: string, key: NodeKey): boolean {
    const run = this.#run(runId);
    const planned = run.plan.steps.find((step) => step.key === key);
    return run.steps.some(
      (step) =>
        planned?.dependsOn.includes(step.key) && (step.state === 'failed' || step.state === 'skipped'),
    );
  }

  #endState(runId: string): RunState {
    return this.#run(runId).steps.some((step) => step.state === 'failed') ? 'failed' : 'succeeded';
  }

  #keep(run: RunRecord): void {
    const stepCounts: Record<StepState, number> = { ...noSteps };
    for (const step of run.steps) stepCounts[step.state] += 1;
    this.#runs.set(run.id, { ...run, stepCounts });
  }

  #run(runId: string): RunRecord {
    const run = this.#runs.get(runId);
    if (!run) throw new Error(`no run ${runId}`);
    return run;
  }

  #step(runId: string, key: NodeKey): StepRecord {
    const step = this.#run(runId).steps.find((one) => one.key === key);
    if (!step) throw new Error(`no step ${key}`);
    return step;
  }

  #findEvents(query: EventQuery): RunEvent[] {
    return this.#events
      .filter(
        (event) =>
          event.sequence > query.afterSequence &&
          (query.runId === undefined || event.runId === query.runId) &&
          (query.types === undefined || query.types.includes(event.type)) &&
          (query.step === undefined || ('step' in event && event.step === query.step)),
      )
      .slice(0, query.limit);
  }

  #write(event: Unwritten<RunEvent>): void {
    const written = { ...event, sequence: this.#events.length + 1 };
    this.#events.push(written);
    this.#tell(written);
  }

  #tell(event: RunEvent | StepProgressEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}

const noSteps: RunSummary['stepCounts'] = {
  pending: 0,
  running: 0,
  succeeded: 0,
  failed: 0,
  skipped: 0,
  cancelled: 0,
};

function selectNodes(selection: string): readonly GraphNode[] {
  const runnable = retailNodes.filter((node) => node.executor !== undefined);
  if (selection === '') return runnable;
  const key = selection.replace(/\+$/, '');
  if (!runnable.some((node) => node.key === key)) {
    throw new ConfigError(`Nothing in the project is called "${key}".`, {
      code: 'selection_empty',
      next: 'Choose one of the nodes that `millrace plan` lists.',
    });
  }
  const chosen = new Set([key]);
  for (const node of runnable) {
    const isBelow = selection.endsWith('+') && dependenciesOf(node).some((from) => chosen.has(from));
    if (isBelow || (node.check && chosen.has(node.check.asset))) chosen.add(node.key);
  }
  return runnable.filter((node) => chosen.has(node.key));
}

/** Upstream nodes, and the blocking checks of those. */
function dependenciesOf(node: GraphNode): NodeKey[] {
  const upstream = node.edges.map((edge) => edge.from);
  if (node.check) return upstream;
  const checks = retailNodes.filter(
    (other) => other.check?.severity === 'error' && upstream.includes(other.check.asset),
  );
  return [...upstream, ...checks.map((other) => other.key)];
}
