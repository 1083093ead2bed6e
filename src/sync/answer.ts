import type { HttpResponse } from '../connector/connection.ts';
import type { DeliveryRow } from './record.ts';
import type { Endpoint, ResultShape } from './sync.ts';

/** What an answer's status means for the whole batch. */
export type AnswerClass =
  | 'accepted'
  /** Asked to wait: not a failed try. */
  | 'limited'
  /** May go through later. */
  | 'retry'
  /** Sign-in or address is wrong: no row is to blame. */
  | 'setup'
  /** A row, or the size of the batch, is to blame. */
  | 'refused';

export function classify(status: number): AnswerClass {
  if (status >= 200 && status < 300) return 'accepted';
  if (status === 429) return 'limited';
  if (status === 408 || status === 425 || status >= 500) return 'retry';
  if (status < 400 || [401, 402, 403, 404, 405, 407].includes(status)) return 'setup';
  return 'refused';
}

/** Seconds that `Retry-After` asks for, given in seconds or as a date; undefined without one. */
export function retryAfterSeconds(response: HttpResponse, nowMs: number): number | undefined {
  const header = response.headers['retry-after']?.trim();
  if (!header) return undefined;
  if (/^\d+(\.\d+)?$/.test(header)) return Number(header);
  const atMs = Date.parse(header);
  return Number.isNaN(atMs) ? undefined : Math.max(0, (atMs - nowMs) / 1000);
}

export interface RefusedRow {
  readonly row: DeliveryRow;
  readonly status: number | undefined;
  readonly error: string;
}

/** What a batch's answer says about each of its rows. */
export interface RowResults {
  readonly accepted: readonly DeliveryRow[];
  /** To be sent again after a wait. */
  readonly again: readonly DeliveryRow[];
  readonly refused: readonly RefusedRow[];
}

/** Reads an accepted batch's answer record by record, as the endpoint describes it. */
export function rowResults(
  endpoint: Endpoint,
  rows: readonly DeliveryRow[],
  response: HttpResponse,
): RowResults {
  const shape = endpoint.results;
  if (!shape) return { accepted: rows, again: [], refused: [] };
  const results = resultList(shape, response.body);
  const byKey = new Map(results.map((result) => [String(result[shape.key ?? '']), result]));
  const accepted: DeliveryRow[] = [];
  const again: DeliveryRow[] = [];
  const refused: RefusedRow[] = [];
  for (const [index, row] of rows.entries()) {
    const result = shape.key === undefined ? results[index] : byKey.get(row.destinationKey);
    const verdict = judge(shape, result);
    if (verdict.class === 'accepted') accepted.push(row);
    else if (verdict.class === 'retry') again.push(row);
    else refused.push({ row, status: verdict.status, error: verdict.error });
  }
  return { accepted, again, refused };
}

type Result = Readonly<Record<string, unknown>>;

function resultList(shape: ResultShape, body: string): readonly Result[] {
  let value: unknown = parsed(body);
  for (const name of shape.list.split('.')) value = isObject(value) ? value[name] : undefined;
  return Array.isArray(value) ? value.filter((item): item is Result => isObject(item)) : [];
}

interface Verdict {
  readonly class: 'accepted' | 'retry' | 'refused';
  readonly status: number | undefined;
  readonly error: string;
}

function judge(shape: ResultShape, result: Result | undefined): Verdict {
  if (!result) {
    const listedAll = shape.reports === 'all';
    return {
      class: listedAll ? 'refused' : 'accepted',
      status: undefined,
      error: 'the answer holds no result for it',
    };
  }
  const error = errorText(result[shape.error]);
  const status = result[shape.status];
  if (typeof status === 'boolean')
    return { class: status ? 'accepted' : 'refused', status: undefined, error };
  const code = typeof status === 'number' ? status : Number(status || Number.NaN);
  if (Number.isInteger(code)) {
    const kind = classify(code);
    if (kind === 'accepted') return { class: 'accepted', status: code, error };
    return { class: kind === 'limited' || kind === 'retry' ? 'retry' : 'refused', status: code, error };
  }
  const word = errorText(status).toLowerCase();
  return { class: shape.successWords.includes(word) ? 'accepted' : 'refused', status: undefined, error };
}

/** Longest text of a destination's error that is kept. */
const maxErrorLetters = 500;

function errorText(value: unknown): string {
  if (value === undefined || value === null) return '';
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, maxErrorLetters);
}

/** What a refused batch's answer says, in one line. */
export function refusalText(response: HttpResponse): string {
  const value = parsed(response.body);
  const told = isObject(value)
    ? (value['error'] ?? value['message'] ?? value['detail'] ?? value['errors'])
    : undefined;
  return errorText(told ?? response.body.trim().split('\n', 1)[0]);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
