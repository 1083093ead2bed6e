import { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import { isNodeKey, type NodeKey } from '../core/node.ts';
import type { BackfillRequest, QueryRequest, RunRequest } from './contract.ts';

const count = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);

const nodeKey = z.string().max(500).refine(isNodeKey, 'is not a node key, such as shop/orders');

export const runRequest: z.ZodType<RunRequest> = z.strictObject({
  selection: z.string().max(10_000),
  fullRefresh: z.boolean().exactOptional(),
  rowLimit: z.number().int().min(1).exactOptional(),
});

export const backfillRequest: z.ZodType<BackfillRequest> = z.strictObject({
  action: z.enum(['pause', 'resume', 'cancel']),
});

export const queryRequest: z.ZodType<Required<QueryRequest>> = z.strictObject({
  sql: z.string().trim().min(1).max(100_000),
  limit: z.number().int().min(1).max(10_000).default(1000),
});

export const runListQuery: z.ZodType<{ limit: number; beforeMs?: number }> = z.object({
  limit: count(500, 50),
  beforeMs: z.coerce.number().int().exactOptional(),
});

export const logQuery: z.ZodType<{ step?: NodeKey; limit: number }> = z.object({
  step: nodeKey.exactOptional(),
  limit: count(20_000, 2000),
});

export const nodeQuery: z.ZodType<{ key: NodeKey }> = z.object({ key: nodeKey });

export const sampleQuery: z.ZodType<{ key: NodeKey; limit: number }> = z.object({
  key: nodeKey,
  limit: count(1000, 20),
});

export const eventQuery: z.ZodType<{ after?: number; run?: string; logs: boolean }> = z.object({
  after: z.coerce.number().int().min(0).exactOptional(),
  run: z.string().max(200).exactOptional(),
  logs: z.stringbool().default(false),
});

/** Checks input of a request. Throws `ConfigError` `request_invalid` that names every wrong field. */
export function parseRequest<T>(schema: z.ZodType<T>, input: unknown): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => {
    const field = issue.path.join('.');
    return field ? `${field}: ${issue.message}` : issue.message;
  });
  throw new ConfigError(`The request is not valid: ${issues.join('; ')}`, {
    code: 'request_invalid',
    state: 'Nothing was done.',
    next: 'Correct the named fields and send it again.',
  });
}
