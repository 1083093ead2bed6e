import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { isRunFinished } from '../core/run-state.ts';
import type { GraphNode } from '../core/node.ts';
import type {
  CurationPayload,
  GraphPayload,
  LogPayload,
  ProjectPayload,
  RunAccepted,
  RunListPayload,
  StatusPayload,
} from './contract.ts';
import { answer, readJson } from './answer.ts';
import { addAutomationRoutes } from './automation.ts';
import { eventStream } from './event-stream.ts';
import { failureResponse } from './failure-response.ts';
import type { ServerHost } from './host.ts';
import { LatestSteps } from './latest-steps.ts';
import type { LiveFeed } from './live-feed.ts';
import { lastLogLines } from './log-lines.ts';
import { nodePayload, nodeStatuses } from './node-status.ts';
import {
  eventQuery,
  logQuery,
  nodeQuery,
  parseRequest,
  queryRequest,
  runListQuery,
  runRequest,
  sampleQuery,
} from './request-schema.ts';
import { runPayload, runSummary } from './run-payload.ts';
import { workerStatus } from './worker-status.ts';

const largestBodyBytes = 1024 * 1024;
const historyLength = 60;

export interface ApiOptions {
  readonly heartbeatMs: number;
  /** Aborted when the server closes; ends the event streams. */
  readonly closing: AbortSignal;
}

/** The HTTP API, to be mounted at `/api`. */
export function createApi(host: ServerHost, feed: LiveFeed, options: ApiOptions): Hono {
  const api = new Hono();
  api.use(jsonBodiesOnly, bodyLimit({ maxSize: largestBodyBytes }));
  addProjectRoutes(api, host);
  addRunRoutes(api, host, feed);
  addDataRoutes(api, host);
  addAutomationRoutes(api, host.automation);
  api.get('/events', async (context) => {
    const query = parseRequest(eventQuery, context.req.query());
    const lastSeen = Number.parseInt(context.req.header('last-event-id') ?? '', 10);
    const newest = await host.ledger.lastSequence();
    const asked = (Number.isSafeInteger(lastSeen) ? lastSeen : query.after) ?? newest;
    return eventStream(feed, {
      afterSequence: Math.min(asked, newest),
      runId: query.run,
      withLogs: query.logs,
      ...options,
    });
  });
  api.all('*', (context) =>
    missing(context, 'route_missing', `There is no ${context.req.path} in this API.`),
  );
  return api;
}

function mistakeOf(host: ServerHost): Pick<ProjectPayload, 'mistake'> {
  const found = host.mistake?.();
  return found ? { mistake: found } : {};
}

function addProjectRoutes(api: Hono, host: ServerHost): void {
  const latestSteps = new LatestSteps(host.ledger);
  api.get('/project', async (context) =>
    answer(context, {
      name: host.name,
      manifestHash: host.manifestHash(),
      sequence: await host.ledger.lastSequence(),
      schedules: host.schedules(),
      reports: host.reports(),
      ...mistakeOf(host),
    } satisfies ProjectPayload),
  );
  api.get('/graph', (context) =>
    answer(context, {
      manifestHash: host.manifestHash(),
      nodes: host.nodes().map((node) => ({
        key: node.key,
        kind: node.kind,
        type: node.type,
        description: node.description,
        group: node.group,
        tags: node.tags,
        edges: node.edges.map(({ kind, from }) => ({ kind, from })),
        runnable: node.executor !== undefined,
        ...(node.check ? { check: node.check } : {}),
      })),
    } satisfies GraphPayload),
  );
  api.get('/status', async (context) => {
    const [completions, steps, workers] = await Promise.all([
      host.ledger.latestCompletions(),
      latestSteps.read(),
      host.workers?.(),
    ]);
    return answer(context, {
      nodes: nodeStatuses(host.nodes(), completions, steps, await host.freshness?.(completions)),
      ...(workers ? { workers: workers.map((worker) => workerStatus(worker)) } : {}),
    } satisfies StatusPayload);
  });
  api.get('/node', async (context) => {
    const node = findNode(host, parseRequest(nodeQuery, context.req.query()).key);
    if (!node) return nodeMissing(context);
    const history = await host.ledger.completionHistory(node.key, historyLength);
    return answer(context, nodePayload(node, host.nodes(), history));
  });
}

function addRunRoutes(api: Hono, host: ServerHost, feed: LiveFeed): void {
  api.get('/runs', async (context) => {
    const filter = parseRequest(runListQuery, context.req.query());
    return answer(context, {
      runs: (await host.ledger.listRuns(filter)).map(runSummary),
    } satisfies RunListPayload);
  });
  api.post('/runs', async (context) => {
    const accepted = await host.runs.enqueue(parseRequest(runRequest, await readJson(context)));
    return answer(context, { runId: accepted.runId } satisfies RunAccepted, 202);
  });
  api.get('/runs/:id', async (context) => {
    const run = await host.ledger.findRun(context.req.param('id'));
    return run ? answer(context, runPayload(run, feed.progress)) : runMissing(context);
  });
  api.get('/runs/:id/logs', async (context) => {
    const runId = context.req.param('id');
    const { step, limit } = parseRequest(logQuery, context.req.query());
    return answer(context, (await lastLogLines(host.ledger, runId, limit, step)) satisfies LogPayload);
  });
  api.post('/runs/:id/cancel', async (context) => {
    const run = await host.ledger.findRun(context.req.param('id'));
    if (!run) return runMissing(context);
    if (isRunFinished(run.state)) {
      return failureResponse(context, 409, {
        kind: 'config',
        code: 'run_finished',
        message: `The run has already ${run.state === 'cancelled' ? 'been cancelled' : run.state}.`,
        state: 'Nothing was changed.',
      });
    }
    await host.runs.cancel(run.id);
    return answer(context, { runId: run.id } satisfies RunAccepted, 202);
  });
  api.post('/runs/:id/retry', async (context) => {
    const run = await host.ledger.findRun(context.req.param('id'));
    if (!run) return runMissing(context);
    return answer(context, (await host.runs.retry(run.id)) satisfies RunAccepted, 202);
  });
}

function addDataRoutes(api: Hono, host: ServerHost): void {
  api.get('/sample', async (context) => {
    const { key, limit } = parseRequest(sampleQuery, context.req.query());
    const node = findNode(host, key);
    if (!node) return nodeMissing(context);
    if (!node.relation) {
      return missing(context, 'relation_missing', `${key} is not kept in a table.`);
    }
    return answer(context, await host.sampleRows(key, limit));
  });
  api.post('/query', async (context) => {
    const request = parseRequest(queryRequest, await readJson(context));
    return answer(context, await host.query(request));
  });
  api.get('/reports/:name', async (context) => {
    const name = context.req.param('name');
    if (!host.reports().some((report) => report.name === name)) {
      return missing(context, 'report_missing', `There is no report "${name}".`);
    }
    return answer(context, await host.renderReport(name));
  });
  api.get('/curation', async (context) =>
    answer(context, { unread: await host.unreadAssets() } satisfies CurationPayload),
  );
}

const jsonBodiesOnly: MiddlewareHandler = async (context, next) => {
  const isRead = context.req.method === 'GET' || context.req.method === 'HEAD';
  if (!isRead && !/^application\/json\b/i.test(context.req.header('content-type') ?? '')) {
    return failureResponse(context, 415, {
      kind: 'config',
      code: 'content_type_refused',
      message: 'The request body must be JSON.',
      next: 'Send it with the header Content-Type: application/json.',
    });
  }
  await next();
  return undefined;
};

function findNode(host: ServerHost, key: string): GraphNode | undefined {
  return host.nodes().find((node) => node.key === key);
}

function nodeMissing(context: Context): Response {
  return missing(context, 'node_missing', `There is no node "${context.req.query('key')}" in this project.`);
}

function runMissing(context: Context): Response {
  return missing(context, 'run_missing', `There is no run "${context.req.param('id')}" in the ledger.`);
}

function missing(context: Context, code: string, message: string): Response {
  return failureResponse(context, 404, { kind: 'config', code, message });
}
