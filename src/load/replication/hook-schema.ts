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

function shapeOf<Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) {
  return z.strictObject({ ...common, type: z.literal(type), ...shape });
}

const steps = z.array(z.lazy((): z.ZodType<Hook> => hookSchema)).min(1);

const shapes = [
  shapeOf('query', { connection: text.optional(), query: text, ...into }),
  shapeOf('http', {
    url: text,
    method: z.string().optional(),
    payload: z.union([z.string(), z.array(z.unknown()), z.record(z.string(), z.unknown())]).optional(),
    headers: z.record(z.string(), z.string()).optional(),
    write_to: text.optional(),
  }),
  shapeOf('check', {
    check: text,
    failure_message: z.string().optional(),
    success_message: z.string().optional(),
  }),
  shapeOf('log', { message: z.string(), level: z.enum(['debug', 'info', 'warn', 'error']).optional() }),
  shapeOf('store', {
    key: text.optional(),
    value: z.unknown().optional(),
    map: z.record(z.string(), z.unknown()).optional(),
    delete: z.boolean().optional(),
  }),
  shapeOf('command', {
    command: z.union([text, z.array(text).min(1)]),
    print: z.boolean().optional(),
    capture: z.boolean().optional(),
    working_dir: text.optional(),
    timeout: z.number().positive().optional(),
    ...env,
    ...into,
  }),
  shapeOf('copy', { from: text, to: text, single_file: z.boolean().optional() }),
  shapeOf('delete', { location: text, recursive: z.boolean().optional() }),
  shapeOf('write', { to: text, content: z.string() }),
  shapeOf('read', { from: text, ...into }),
  shapeOf('list', {
    location: text,
    recursive: z.boolean().optional(),
    only: z.enum(['files', 'folders']).optional(),
    ...into,
  }),
  shapeOf('inspect', { location: text, recursive: z.boolean().optional() }),
  shapeOf('replication', {
    path: text.optional(),
    replication: z.record(z.string(), z.unknown()).optional(),
    streams: z.array(text).min(1).optional(),
    mode: z.string().optional(),
    range: z.string().optional(),
    ...env,
  }),
  shapeOf('group', {
    steps: steps,
    loop: z.union([z.array(z.unknown()), text]).optional(),
    concurrency: z.int().min(1).max(64).optional(),
    ...env,
  }),
  shapeOf('routine', {
    routine: text,
    params: z.record(z.string(), z.unknown()).optional(),
    steps: steps,
    ...env,
  }),
] as const;

/** One hook of any type. */
export const hookSchema: z.ZodType<Hook> = z.discriminatedUnion('type', shapes);

/** The keys of a hook of this type; empty when there is none such. */
export function hookKeys(type: unknown): readonly string[] {
  const found = shapes.find(({ shape }) => shape.type.value === type);
  return found ? Object.keys(found.shape) : [];
}
