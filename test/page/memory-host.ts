import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, type Failure } from '../../src/core/errors.ts';
import type { StepOutcome } from '../../src/core/executor.ts';
import type { RunTrigger } from '../../src/core/ledger.ts';
import type { GraphNode, NodeKey } from '../../src/core/node.ts';
import type { ServerHost } from '../../src/server/index.ts';
import { dependenciesOf, MemoryLedger } from './memory-ledger.ts';
import { MemoryAutomation } from './memory-automation.ts';
import { retailNodes, retailReport, retailReports, sampleOrders } from './retail-project.ts';

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
  readonly automation: MemoryAutomation = new MemoryAutomation();
  readonly cancelled: Set<string> = new Set();
  /** Why the files, as they are now, could not be read. */
  wrong: ReturnType<NonNullable<ServerHost['mistake']>>;
  /** Machines that share the project. */
  fleet: Awaited<ReturnType<NonNullable<ServerHost['workers']>>> = [];
  readonly #memory = new MemoryLedger();
  readonly #options: Required<MemoryHostOptions>;

  constructor(options: MemoryHostOptions = {}) {
    this.#options = { stepMs: options.stepMs ?? 0, failing: options.failing ?? [] };
    this.ledger = this.#memory.reader;
    this.runs = {
      enqueue: async (request) => {
        const nodes = selectNodes(request.selection);
        const run = this.#memory.createRun(request.selection, { kind: 'page' }, nodes, Date.now());
        void this.execute(run.id);
        return { runId: run.id };
      },
      retry: async (runId) => {
        const { steps } = this.#memory.run(runId);
        const left = new Set(steps.filter(({ state }) => state !== 'succeeded').map(({ key }) => key));
        const nodes = retailNodes.filter(({ key }) => left.has(key));
        const run = this.#memory.createRun([...left].join(' '), { kind: 'page' }, nodes, Date.now());
        void this.execute(run.id);
        return { runId: run.id };
      },
      cancel: async (runId) => {
        this.cancelled.add(runId);
        this.#memory.moveRun(runId, 'cancelling', Date.now());
      },
      subscribe: (listener) => this.#memory.subscribe(listener),
    };
  }

  get listenerCount(): number {
    return this.#memory.listenerCount;
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

  mistake(): MemoryHost['wrong'] {
    return this.wrong;
  }

  async workers(): Promise<MemoryHost['fleet']> {
    return this.fleet;
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

  async metrics(): ReturnType<ServerHost['metrics']> {
    return { contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'millrace_runs_open 1\n' };
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
    const run = this.#memory.createRun(selection, trigger, selectNodes(selection), startedAtMs - 400);
    this.#memory.moveRun(run.id, 'running', startedAtMs);
    let atMs = startedAtMs;
    for (const step of run.steps) {
      if (this.#memory.isBlocked(run.id, step.key)) {
        this.#memory.moveStep(run.id, step.key, 'skipped', atMs, { reason: 'Something upstream failed.' });
        continue;
      }
      this.#memory.moveStep(run.id, step.key, 'running', atMs);
      this.#memory.log(run.id, step.key, `started ${step.key}`, atMs);
      const durationMs = 300 + ((step.key.length * 7919) % 2600);
      this.#finishStep(run.id, step.key, failing.includes(step.key), atMs + durationMs, startedAtMs);
      atMs += step.kind === 'check' ? 90 : durationMs * 0.6;
    }
    this.#memory.moveRun(run.id, this.#memory.endState(run.id), atMs + 3000);
    return run.id;
  }

  /** Works through a queued run, step after step. */
  async execute(runId: string): Promise<void> {
    this.#memory.moveRun(runId, 'running', Date.now());
    for (const { key } of this.#memory.run(runId).steps) {
      if (this.cancelled.has(runId)) this.#memory.moveStep(runId, key, 'cancelled', Date.now());
      else if (this.#memory.isBlocked(runId, key)) {
        this.#memory.moveStep(runId, key, 'skipped', Date.now(), { reason: 'Something upstream failed.' });
      } else await this.#executeStep(runId, key);
    }
    this.#memory.moveRun(
      runId,
      this.cancelled.has(runId) ? 'cancelled' : this.#memory.endState(runId),
      Date.now(),
    );
  }

  async #executeStep(runId: string, key: NodeKey): Promise<void> {
    this.#memory.moveStep(runId, key, 'running', Date.now());
    this.#memory.log(runId, key, `reading ${key}`, Date.now());
    for (let part = 1; part <= 4; part += 1) {
      if (this.#options.stepMs > 0) await sleep(this.#options.stepMs / 4);
      this.#memory.tell({
        type: 'step_progress',
        runId,
        step: key,
        atMs: Date.now(),
        progress: { rows: part * 25_000, totalRows: 100_000, phase: 'copying' },
      });
    }
    this.#memory.log(runId, key, 'wrote 100000 rows', Date.now());
    this.#finishStep(runId, key, this.#options.failing.includes(key), Date.now(), Date.now());
  }

  #finishStep(runId: string, key: NodeKey, fails: boolean, atMs: number, seed: number): void {
    const step = this.#memory.step(runId, key);
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
      metadata: isCheck ? {} : key.startsWith('raw/') ? loadFigures(key, rows) : { lane: 'copy binary' },
    };
    const failure: Failure = {
      kind: isCheck ? 'data' : 'config',
      code: isCheck ? 'check_failed' : 'column_missing',
      message: isCheck ? `${key}: 12 rows break the rule.` : 'The source has no column "discount" any more.',
      origin: { file: 'replications/orders.yaml', line: 12 },
      state: 'The table holds what it held before.',
      next: `Correct the place, then run: millrace run ${key}`,
    };
    if (fails) this.#memory.log(runId, key, failure.message, atMs, 'error');
    this.#memory.moveStep(runId, key, fails ? 'failed' : 'succeeded', atMs, {
      ...(!fails || isCheck ? { outcome } : {}),
      ...(fails ? { failure } : {}),
    });
    if (fails && !isCheck) return;
    const startedAtMs = this.#memory.step(runId, key).startedAtMs ?? atMs;
    this.#memory.complete({ ...outcome, key, runId, finishedAtMs: atMs, durationMs: atMs - startedAtMs });
  }
}

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

/** What the load room says of a stream. */
function loadFigures(key: NodeKey, rows: number): StepOutcome['metadata'] {
  return {
    stream: key.replace('raw/', 'public.'),
    mode: 'incremental',
    lane: 'copy binary',
    laneReason: 'both ends speak it',
    rowsRead: rows,
    rowsInserted: rows - 40,
    rowsUpdated: 40,
    rowsDeleted: 0,
    rowsRejected: 0,
    bytes: rows * 90,
    watermarkBefore: 'updated_at = 2026-10-13 09:30:00',
    watermarkAfter: 'updated_at = 2026-10-14 09:30:00',
    schemaChanges: ['added the column note'],
  };
}
