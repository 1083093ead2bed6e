import { access } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { readableIssues } from '../../config/zod-issues.ts';
import { ConfigError } from '../../core/errors.ts';
import type { ProjectDefinition } from './definitions.ts';
import { alertsSchema } from './alerts-schema.ts';
import { kubernetesSchema } from './pod-settings.ts';
import { telemetrySchema } from './telemetry-schema.ts';
import { importUserModule } from './user-modules.ts';

export const configFileName = 'millrace.config.ts';

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

const definitionSchema: z.ZodType<ProjectDefinition> = z.strictObject({
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

/** Walks up from `folder` to the nearest one that holds a project, as `git` does. */
export async function findProjectFolder(folder: string): Promise<string | undefined> {
  for (let candidate = folder; ; candidate = dirname(candidate)) {
    if (await exists(join(candidate, configFileName))) return candidate;
    if (candidate === dirname(candidate)) return undefined;
  }
}

/** Reads `millrace.config.ts`; without one, a project of that folder's name with defaults. */
export async function readConfigFile(projectFolder: string): Promise<ProjectDefinition> {
  const path = join(projectFolder, configFileName);
  if (!(await exists(path))) return { name: basename(projectFolder) };
  const module = await importUserModule(path, projectFolder);
  const parsed = definitionSchema.safeParse(module['default']);
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    module['default'] === undefined
      ? `${configFileName} has no default export`
      : readableIssues(parsed.error, definitionSchema),
    {
      code: 'config_invalid',
      origin: { file: configFileName },
      next: 'Write: export default defineProject({ name: ... })',
    },
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
