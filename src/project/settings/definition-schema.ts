import { z } from 'zod';
import { alertsSchema } from './alerts-schema.ts';
import type { ProjectDefinition } from './definitions.ts';
import { kubernetesSchema } from './pod-settings.ts';
import { telemetrySchema } from './telemetry-schema.ts';

const scheduleSchema = z.strictObject({
  name: z.string().min(1),
  cron: z.string().min(1),
  timeZone: z.string().optional(),
  select: z.string(),
  catchUp: z.enum(['none', 'last', 'all']).optional(),
  jitterSeconds: z.number().min(0).optional(),
});

const poolSchema = z.strictObject({
  limit: z.int().min(1).optional(),
  workers: z.boolean().optional(),
  select: z.string().min(1).optional(),
});

const freshnessSchema = z.strictObject({
  select: z.string(),
  maxAge: z.string().optional(),
  warnAfter: z.string().optional(),
  deadline: z.string().optional(),
  window: z.string().optional(),
  timeZone: z.string().optional(),
});

/** What `millrace.config.ts` exports. */
export const definitionSchema: z.ZodType<ProjectDefinition> = z.strictObject({
  name: z.string().min(1),
  warehouse: z.string().optional(),
  transform: z
    .strictObject({
      folder: z.string().optional(),
      schema: z.string().optional(),
      vars: z.record(z.string(), z.json()).optional(),
      executor: z.enum(['millrace', 'dbt']).optional(),
      dbt: z
        .strictObject({
          path: z.string().min(1).optional(),
          profilesDir: z.string().min(1).optional(),
          profile: z.string().min(1).optional(),
          target: z.string().min(1).optional(),
          threads: z.int().min(1).optional(),
        })
        .optional(),
    })
    .optional(),
  connections: z.array(z.looseObject({ name: z.string().min(1) })).optional(),
  schedules: z.array(scheduleSchema).optional(),
  automation: z.array(z.strictObject({ select: z.string(), when: z.json() })).optional(),
  freshness: z.array(freshnessSchema).optional(),
  ledger: z.string().min(1).optional(),
  concurrency: z.int().min(1).max(256).optional(),
  pools: z.record(z.string().min(1), z.union([z.int().min(1), poolSchema])).optional(),
  kubernetes: kubernetesSchema.optional(),
  telemetry: telemetrySchema.optional(),
  alerts: alertsSchema.optional(),
}) as unknown as z.ZodType<ProjectDefinition>;
