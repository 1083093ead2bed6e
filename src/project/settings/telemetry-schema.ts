import { z } from 'zod';
import type { TelemetryDefinition } from '../../telemetry/definition.ts';

const text = z.string().min(1);

export const telemetrySchema: z.ZodType<TelemetryDefinition> = z.strictObject({
  openLineage: z
    .strictObject({
      url: text.optional(),
      file: text.optional(),
      apiKey: text.optional(),
      namespace: text.optional(),
      keepHours: z.number().min(1).max(720).optional(),
    })
    .refine(({ url, file }) => (url === undefined) !== (file === undefined), {
      error: 'name where the events go: either url or file',
    })
    .optional(),
  traces: z
    .strictObject({
      endpoint: text,
      headers: z.record(text, z.string()).optional(),
      serviceName: text.optional(),
      keepHours: z.number().min(1).max(720).optional(),
    })
    .optional(),
  metricsFile: text.endsWith('.prom', 'must end with .prom, or the collector does not read it').optional(),
}) as z.ZodType<TelemetryDefinition>;
