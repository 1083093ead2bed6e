import { nearest } from '../../core/near-name.ts';
import { findUnread } from '../../curate/index.ts';
import { ConfigError } from '../../core/errors.ts';
import type { StepProgressEvent, RunEvent } from '../../core/run-event.ts';
import { createTimetable, makePlan, makeRetryPlan, readPartitionWorld } from '../../engine/index.ts';
import { readReportView, renderReport } from '../../report/index.ts';
import type {
  HookHost,
  LiveEvent,
  ReadingMistake,
  ReportView,
  ServerHost,
  TablePayload,
} from '../../server/index.ts';
import { createAutomationHost, freshnessNow } from './automation-host.ts';
import { queryConnection, tablePayload } from './query.ts';
import { compilerFor } from '../reading/part-nodes.ts';
import { reportFolder } from '../execution/executors.ts';
import type { Project } from '../reading/project.ts';
import { completionsByKey, type Session } from './session.ts';
import { hookSettings } from '../webhooks/webhook.ts';

/** What the server shows of an open project. */
export function createServerHost(
  session: Session,
  schedulesActive: boolean,
  mistake: () => ReadingMistake | undefined = () => undefined,
): ServerHost {
  const { store, engine } = session;
  const { dispatch } = store;
  const current = (): Project => session.project;
  return {
    name: current().definition.name,
    manifestHash: () => current().manifest.hash,
    nodes: () => current().graph.nodes,
    schedules: () =>
      current().manifest.schedules.map((schedule) => {
        const { name, cron, timeZone, select } = schedule;
        const nextAtMs = schedulesActive ? createTimetable(schedule).next(Date.now()) : undefined;
        return {
          name,
          cron,
          timeZone,
          selection: select,
          active: schedulesActive,
          ...(nextAtMs === undefined ? {} : { nextAtMs }),
        };
      }),
    reports: () =>
      current().parts.reports.map(({ name, title, description }) => ({
        name,
        key: `report/${name}`,
        title,
        description,
      })),
    mistake,
    ledger: {
      findRun: (runId) => store.findRun(runId),
      listRuns: (filter) => store.listRuns(filter),
      events: (query) => store.events(query),
      latestCompletions: (keys) => store.latestCompletions(keys),
      completionHistory: (key, limit) => store.completionHistory(key, limit),
      lastSequence: () => store.lastSequence(),
    },
    runs: {
      enqueue: async ({ selection, fullRefresh, rowLimit }) => {
        const plan = makePlan(current().graph, {
          select: selection,
          manifestHash: current().manifest.hash,
          world: await readPartitionWorld(store, current().graph, Date.now()),
          options: { fullRefresh: fullRefresh ?? false, ...(rowLimit === undefined ? {} : { rowLimit }) },
        });
        return { runId: await engine.enqueue(plan, { kind: 'page' }) };
      },
      retry: async (runId) => {
        const { graph, manifest } = current();
        const run = await store.findRun(runId);
        if (!run) throw new ConfigError(`there is no run '${runId}'`, { code: 'run_missing' });
        const world = await readPartitionWorld(store, graph, Date.now());
        const plan = makeRetryPlan({ graph, manifestHash: manifest.hash, world }, run);
        return { runId: await engine.enqueue(plan, { kind: 'page' }) };
      },
      cancel: async (runId) => {
        await engine.cancel(runId);
      },
      subscribe: (listener) => subscribe(session, listener),
    },
    ...(dispatch ? { workers: () => dispatch.workers() } : {}),
    freshness: (completions) => freshnessNow(session, completions),
    automation: createAutomationHost(session, schedulesActive),
    hooks: hookHost(session),
    metrics: () => session.metrics(),
    renderReport: (name) => reportView(session, name),
    sampleRows: async (key, limit) => sampleRows(session, key, limit),
    query: async ({ sql, limit }) => queryConnection(current(), session.connections.get, sql, limit),
    unreadAssets: async () =>
      findUnread(current().graph, await completionsByKey(store)).map(
        ({ key, reason, rows, lastRunAtMs, durationMs }) => ({
          key,
          reason,
          ...(rows === undefined ? {} : { rows }),
          ...(durationMs === undefined ? {} : { lastDurationMs: durationMs }),
          ...(lastRunAtMs === undefined ? {} : { succeededAtMs: lastRunAtMs }),
        }),
      ),
  };
}

function hookHost(session: Session): HookHost {
  return {
    find: (name) => {
      const hook = session.project.parts.triggers?.webhooks.find(
        ({ definition }) => definition.name === name,
      );
      return hook && hookSettings(hook, session.project.environment);
    },
    deliver: async ({ name, key, body }) => {
      const { graph, manifest, parts } = session.project;
      const hook = parts.triggers?.webhooks.find(({ definition }) => definition.name === name);
      const plan = makePlan(graph, {
        select: hook?.definition.select,
        manifestHash: manifest.hash,
        world: await readPartitionWorld(session.store, graph, Date.now()),
        options: { fullRefresh: false, input: body },
      });
      return session.engine.enqueueOnce(plan, { kind: 'webhook', name }, { trigger: `webhook ${name}`, key });
    },
  };
}

function subscribe({ engine, store }: Session, listener: (event: LiveEvent) => void): () => void {
  const stop = new AbortController();
  const stopProgress = engine.onProgress((event: StepProgressEvent) => listener(event));
  const tail = async (): Promise<void> => {
    const afterSequence = await store.lastSequence();
    const events: AsyncIterable<RunEvent> = engine.tailEvents({ afterSequence, signal: stop.signal });
    for await (const event of events) listener(event);
  };
  tail().catch(() => stop.abort());
  return () => {
    stop.abort();
    stopProgress();
  };
}

/** The view that the last run stored; a fresh one when there is none yet. */
async function reportView({ project, connections }: Session, name: string): Promise<ReportView> {
  const report = project.parts.reports.find((candidate) => candidate.name === name);
  if (!report || !project.warehouse) {
    const near = nearest(
      name,
      project.parts.reports.map((candidate) => candidate.name),
    );
    throw new ConfigError(`there is no report '${name}'${near ? `, did you mean '${near}'?` : ''}`, {
      code: 'report_missing',
    });
  }
  const stored = await readReportView(reportFolder(project), name);
  if (stored) return stored;
  return renderReport(
    report,
    {
      compile: compilerFor(project.parts.transform),
      connections: connections.get,
      warehouse: project.warehouse.name,
      now: Date.now,
    },
    AbortSignal.timeout(60_000),
  );
}

async function sampleRows(
  { project, connections }: Session,
  key: string,
  limit: number,
): Promise<TablePayload> {
  const relation = project.graph.byKey.get(key)?.relation;
  if (!relation)
    throw new ConfigError(`${key} is not a table, so it has no rows`, { code: 'relation_missing' });
  const { database } = await connections.get(relation.connection);
  if (!database)
    throw new ConfigError(`${relation.connection} cannot be queried`, { code: 'relation_missing' });
  const table = database.dialect.quoteTable(relation);
  return tablePayload(await database.query(`select * from ${table} limit ${Math.floor(limit)}`));
}
