import { z } from 'zod';
import type { AlertsDefinition } from '../../telemetry/alerts/definition.ts';

const text = z.string().min(1);
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'write a time such as 22:00');

const timeZone = text.refine(isTimeZone, {
  error: 'write an IANA name, such as Europe/Berlin',
});

function isTimeZone(zone: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}

const channel = z
  .strictObject({
    slack: text.optional(),
    webhook: text.optional(),
    secret: text.optional(),
    email: z.union([text, z.array(text).min(1)]).optional(),
    from: text.optional(),
    smtp: text.optional(),
  })
  .refine(
    (given) => [given.slack, given.webhook, given.email].filter((to) => to !== undefined).length === 1,
    {
      error: 'name where it goes: either slack, webhook or email',
    },
  )
  .refine(
    ({ email, from, smtp }) =>
      [email, from, smtp].every((part) => (part === undefined) === (email === undefined)),
    {
      error: "email needs 'from' and 'smtp', and nothing else does",
    },
  )
  .refine(({ webhook, secret }) => webhook !== undefined || secret === undefined, {
    error: "'secret' signs what goes to a webhook",
  });

const rule = z.strictObject({
  on: z.enum(['run_failed', 'step_failed', 'late', 'volume']),
  to: z.array(text).min(1),
  name: text.optional(),
  select: text.optional(),
  schedule: text.optional(),
  withinMinutes: z.number().positive().optional(),
  deviations: z.number().positive().optional(),
  history: z.int().min(8).max(500).optional(),
  firstOnly: z.boolean().optional(),
  recovered: z.boolean().optional(),
  urgent: z.boolean().optional(),
  template: text.optional(),
});

export const alertsSchema: z.ZodType<AlertsDefinition> = z.strictObject({
  channels: z.record(text, channel),
  rules: z.array(rule),
  quietHours: z.strictObject({ from: timeOfDay, to: timeOfDay, timeZone }).optional(),
}) as unknown as z.ZodType<AlertsDefinition>;
