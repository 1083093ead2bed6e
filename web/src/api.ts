import { queryOptions } from '@tanstack/react-query';
import type {
  AutomationPayload,
  BackfillRequest,
  BackfillStatus,
  CurationPayload,
  ErrorPayload,
  Failure,
  GraphPayload,
  LogPayload,
  NodePayload,
  PartitionsPayload,
  ProjectPayload,
  ReportView,
  RunAccepted,
  RunListPayload,
  RunPayload,
  RunRequest,
  StatusPayload,
  TablePayload,
  WhyPayload,
} from '../../src/server/contract.ts';

/** An answer that was not 2xx, or none at all (`status` 0). */
export class ApiError extends Error {
  readonly status: number;
  readonly failure: Failure;

  constructor(status: number, failure: Failure) {
    super(failure.message);
    this.status = status;
    this.failure = failure;
  }
}

async function request<T>(path: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(`/api${path}`, init);
  } catch {
    throw new ApiError(0, {
      kind: 'transient',
      code: 'server_unreachable',
      message: 'The server does not answer.',
      next: 'Is it still running? Start it again with: millrace dev',
    });
  }
  if (response.ok) return (await response.json()) as T;
  throw new ApiError(response.status, await failureOf(response));
}

async function failureOf(response: Response): Promise<Failure> {
  try {
    return ((await response.json()) as ErrorPayload).error;
  } catch {
    const message = `The server answered with status ${response.status}.`;
    return { kind: 'fatal', code: 'unexpected_answer', message };
  }
}

function post<T>(path: string, body: object): Promise<T> {
  return request<T>(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

const query = (parameters: Record<string, string | number>): string =>
  `?${new URLSearchParams(Object.entries(parameters).map(([name, value]) => [name, String(value)]))}`;

export const sampleLength = 20;
export const logLength = 2000;

/** How often the page asks whether the project's files have changed. */
const projectRereadMs = 3000;

export const projectQuery = () =>
  queryOptions({
    queryKey: ['project'],
    queryFn: () => request<ProjectPayload>('/project'),
    refetchInterval: projectRereadMs,
  });

export const graphQuery = () =>
  queryOptions({ queryKey: ['graph'], queryFn: () => request<GraphPayload>('/graph') });

export const statusQuery = () =>
  queryOptions({ queryKey: ['status'], queryFn: () => request<StatusPayload>('/status') });

export const runsQuery = () =>
  queryOptions({
    queryKey: ['runs'],
    queryFn: () => request<RunListPayload>(`/runs${query({ limit: 100 })}`),
  });

export const runQuery = (runId: string) =>
  queryOptions({
    queryKey: ['run', runId],
    queryFn: () => request<RunPayload>(`/runs/${encodeURIComponent(runId)}`),
  });

export const nodeQuery = (key: string) =>
  queryOptions({ queryKey: ['node', key], queryFn: () => request<NodePayload>(`/node${query({ key })}`) });

export const sampleQuery = (key: string) =>
  queryOptions({
    queryKey: ['sample', key],
    queryFn: () => request<TablePayload>(`/sample${query({ key, limit: sampleLength })}`),
  });

export const reportQuery = (name: string) =>
  queryOptions({
    queryKey: ['report', name],
    queryFn: () => request<ReportView>(`/reports/${encodeURIComponent(name)}`),
  });

export const curationQuery = () =>
  queryOptions({ queryKey: ['curation'], queryFn: () => request<CurationPayload>('/curation') });

/** How often looks of sensors and conditions are read again: they are no events. */
const automationRereadMs = 5000;

export const automationQuery = () =>
  queryOptions({
    queryKey: ['automation'],
    queryFn: () => request<AutomationPayload>('/automation'),
    refetchInterval: automationRereadMs,
  });

export const whyQuery = (key: string) =>
  queryOptions({ queryKey: ['why', key], queryFn: () => request<WhyPayload>(`/why${query({ key })}`) });

export const partitionsQuery = (key: string) =>
  queryOptions({
    queryKey: ['partitions', key],
    queryFn: () => request<PartitionsPayload>(`/partitions${query({ key })}`),
  });

export function readLog(runId: string): Promise<LogPayload> {
  return request<LogPayload>(`/runs/${encodeURIComponent(runId)}/logs${query({ limit: logLength })}`);
}

export function startRun(run: RunRequest): Promise<RunAccepted> {
  return post<RunAccepted>('/runs', run);
}

/** Does what a run has left undone. */
export function retryRun(runId: string): Promise<RunAccepted> {
  return post<RunAccepted>(`/runs/${encodeURIComponent(runId)}/retry`, {});
}

export function cancelRun(runId: string): Promise<RunAccepted> {
  return post<RunAccepted>(`/runs/${encodeURIComponent(runId)}/cancel`, {});
}

export function changeBackfill(id: string, action: BackfillRequest['action']): Promise<BackfillStatus> {
  return post<BackfillStatus>(`/backfills/${encodeURIComponent(id)}`, { action } satisfies BackfillRequest);
}
