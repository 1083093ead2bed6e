import { z } from 'zod';
import type { Mistakes } from '../files/mistakes.ts';
import { toJsonValue } from '../files/plain-value.ts';
import type { ConfigEntries } from './config-layer.ts';

/** How a `microbatch` model is cut along its time. */
export interface MicrobatchConfig {
  readonly eventTime: string;
  readonly batchSize: 'hour' | 'day' | 'month' | 'year';
  /** Batches before the present one that are built again. */
  readonly lookback: number;
  /** Start of the first batch, in milliseconds since 1970. */
  readonly beginMs: number;
}

const schemas = {
  event_time: z.string(),
  batch_size: z.enum(['hour', 'day', 'month', 'year']),
  lookback: z.number().int().nonnegative().default(1),
  begin: z
    .string()
    .transform((text) =>
      Date.parse(
        /[Zz]|[+-]\d\d:?\d\d$/.test(text)
          ? text
          : `${text.replace(' ', 'T')}${text.length === 10 ? 'T00:00:00' : ''}Z`,
      ),
    )
    .refine((ms) => !Number.isNaN(ms), { error: 'must be a date' }),
};

/** Keys of microbatch models beside those of every model. */
export const microbatchKeys: readonly string[] = [...Object.keys(schemas), 'concurrent_batches'];

/** Checks the configuration. Adds `config_invalid` for each key that is missing or wrong, and then gives undefined. */
export function readMicrobatch(entries: ConfigEntries, mistakes: Mistakes): MicrobatchConfig | undefined {
  const at = entries.get('incremental_strategy')?.origin;
  const read = <Key extends keyof typeof schemas>(key: Key): z.output<(typeof schemas)[Key]> | undefined => {
    const entry = entries.get(key);
    const result = schemas[key].safeParse(entry?.value);
    if (result.success) return result.data as z.output<(typeof schemas)[Key]>;
    const origin = entry?.origin ?? at;
    mistakes.add(
      entry === undefined
        ? `a microbatch model needs the configuration "${key}"`
        : `the configuration "${key}" is ${JSON.stringify(toJsonValue(entry.value))}: ${result.error.issues[0]?.message ?? 'not valid'}`,
      { code: 'config_invalid', ...(origin ? { origin } : {}) },
    );
    return undefined;
  };
  const [eventTime, batchSize] = [read('event_time'), read('batch_size')];
  const [lookback, beginMs] = [read('lookback'), read('begin')];
  if (eventTime === undefined || batchSize === undefined) return undefined;
  if (lookback === undefined || beginMs === undefined) return undefined;
  return { eventTime, batchSize, lookback, beginMs };
}
