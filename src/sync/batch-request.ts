import { createHash } from 'node:crypto';
import type { HttpRequest } from '../connector/connection.ts';
import type { DeliveryRow } from './record.ts';
import type { Endpoint } from './sync.ts';

/**
 * The request that delivers `rows`. Its idempotency key is made of the content and of how many batches
 * were acknowledged before: a repetition after a lost answer or a crash carries the same key, while the
 * same content at a later moment carries another.
 */
export function batchRequest(
  syncName: string,
  endpoint: Endpoint,
  rows: readonly DeliveryRow[],
  acknowledgedBatches: number,
): HttpRequest {
  const list = `[${rows.map((row) => row.record).join(',')}]`;
  const body = endpoint.recordsKey === undefined ? list : `{${JSON.stringify(endpoint.recordsKey)}:${list}}`;
  const content = createHash('sha256').update(`${endpoint.method} ${endpoint.path}\n${body}`).digest('hex');
  return {
    method: endpoint.method,
    path: endpoint.path,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'idempotency-key': `${syncName}-${acknowledgedBatches}-${content.slice(0, 32)}`,
    },
    body,
  };
}
