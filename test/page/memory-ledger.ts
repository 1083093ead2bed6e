import type { Completion } from '../../src/core/executor.ts';
import type { RunRecord, RunSummary, RunTrigger, StepRecord } from '../../src/core/ledger.ts';
import type { GraphNode, NodeKey } from '../../src/core/node.ts';
import type { EventQuery } from '../../src/core/ports.ts';
import type { RunEvent } from '../../src/core/run-event.ts';
import { isRunFinished, type RunState, type StepState } from '../../src/core/run-state.ts';
import type { LiveEvent, ServerHost } from '../../src/server/index.ts';
import { retailNodes } from './retail-project.ts';

type Unwritten<T> = T extends RunEvent ? Omit<T, 'sequence'> : never;

/** Runs, events and completions, kept as long as the test lasts. */
export class MemoryLedger {
  readonly reader: ServerHost['ledger'] = {
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
  readonly #runs = new Map<string, RunRecord>();
  readonly #events: RunEvent[] = [];
  readonly #completions: Completion[] = [];
  readonly #listeners = new Set<(event: LiveEvent) => void>();

  get listenerCount(): number {
    return this.#listeners.size;
  }

  subscribe(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  complete(completion: Completion): void {
    this.#completions.push(completion);
  }

  createRun(
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
        manifestHash: 'fixture',
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

  moveRun(runId: string, state: RunState, atMs: number): void {
    const run = this.run(runId);
    this.#keep({
      ...run,
      state,
      ...(state === 'running' ? { startedAtMs: atMs } : {}),
      ...(isRunFinished(state) ? { finishedAtMs: atMs } : {}),
    });
    this.#write({ type: 'run_state', runId, atMs, state });
  }

  moveStep(
    runId: string,
    key: NodeKey,
    state: StepState,
    atMs: number,
    detail: Pick<StepRecord, 'failure' | 'outcome' | 'reason'> = {},
  ): void {
    const run = this.run(runId);
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

  log(runId: string, step: NodeKey, message: string, atMs: number, level: 'info' | 'error' = 'info'): void {
    this.#write({ type: 'step_log', runId, atMs, step, attempt: 1, level, message });
  }

  isBlocked(runId: string, key: NodeKey): boolean {
    const run = this.run(runId);
    const planned = run.plan.steps.find((step) => step.key === key);
    return run.steps.some(
      (step) =>
        planned?.dependsOn.includes(step.key) && (step.state === 'failed' || step.state === 'skipped'),
    );
  }

  endState(runId: string): RunState {
    return this.run(runId).steps.some((step) => step.state === 'failed') ? 'failed' : 'succeeded';
  }

  #keep(run: RunRecord): void {
    const stepCounts: Record<StepState, number> = { ...noSteps };
    for (const step of run.steps) stepCounts[step.state] += 1;
    this.#runs.set(run.id, { ...run, stepCounts });
  }

  run(runId: string): RunRecord {
    const run = this.#runs.get(runId);
    if (!run) throw new Error(`no run ${runId}`);
    return run;
  }

  step(runId: string, key: NodeKey): StepRecord {
    const step = this.run(runId).steps.find((one) => one.key === key);
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
    this.tell(written);
  }

  tell(event: LiveEvent): void {
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

/** Upstream nodes, and the blocking checks of those. */
export function dependenciesOf(node: GraphNode): NodeKey[] {
  const upstream = node.edges.map((edge) => edge.from);
  if (node.check) return upstream;
  const checks = retailNodes.filter(
    (other) => other.check?.severity === 'error' && upstream.includes(other.check.asset),
  );
  return [...upstream, ...checks.map((other) => other.key)];
}
