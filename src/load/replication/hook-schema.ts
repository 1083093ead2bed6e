import { z } from 'zod';
import type { Hook } from './hook.ts';

const common = {
  id: z.string().optional(),
  name: z.string().optional(),
  description: z.string().optional(),
  if: z.string().optional(),
  on_failure: z.enum(['abort', 'error', 'warn', 'quiet', 'skip', 'break', 'retry', 'defer']).optional(),
  goto: z.string().optional(),
};
const text = z.string().min(1);
const into = { into: text.optional() };
const env = { env: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional() };

function keysOf<Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) {
  return z.strictObject({ ...common, type: z.literal(type), ...shape });
}

/** One hook of any type. */
export const hookSchema: z.ZodType<Hook> = z.lazy(() =>
  z.discriminatedUnion('type', [
    keysOf('query', { connection: text.optional(), query: text, ...into }),
    keysOf('http', {
      url: text,
      method: z.string().optional(),
      payload: z.string().optional(),
      headers: z.record(z.string(), z.string()).optional(),
      write_to: text.optional(),
    }),
    keysOf('check', {
      check: text,
      failure_message: z.string().optional(),
      success_message: z.string().optional(),
    }),
    keysOf('log', { message: z.string(), level: z.enum(['debug', 'info', 'warn', 'error']).optional() }),
    keysOf('store', {
      key: text.optional(),
      value: z.unknown().optional(),
      map: z.record(z.string(), z.unknown()).optional(),
      delete: z.boolean().optional(),
    }),
    keysOf('command', {
      command: z.union([text, z.array(text).min(1)]),
      print: z.boolean().optional(),
      capture: z.boolean().optional(),
      working_dir: text.optional(),
      timeout: z.number().positive().optional(),
      ...env,
      ...into,
    }),
    keysOf('copy', { from: text, to: text, single_file: z.boolean().optional() }),
    keysOf('delete', { location: text, recursive: z.boolean().optional() }),
    keysOf('write', { to: text, content: z.string() }),
    keysOf('read', { from: text, ...into }),
    keysOf('list', {
      location: text,
      recursive: z.boolean().optional(),
      only: z.enum(['files', 'folders']).optional(),
      ...into,
    }),
    keysOf('inspect', { location: text, recursive: z.boolean().optional() }),
    keysOf('replication', {
      path: text.optional(),
      replication: z.record(z.string(), z.unknown()).optional(),
      streams: z.array(text).min(1).optional(),
      mode: z.string().optional(),
      range: z.string().optional(),
      ...env,
    }),
    keysOf('group', {
      steps: z.array(hookSchema).min(1),
      loop: z.union([z.array(z.unknown()), text]).optional(),
      concurrency: z.int().min(1).max(64).optional(),
      ...env,
    }),
    keysOf('routine', {
      routine: text,
      params: z.record(z.string(), z.unknown()).optional(),
      steps: z.array(hookSchema).min(1),
      ...env,
    }),
  ]),
);
