import { z } from 'zod';

const word = z.string().min(1);
const words = z.union([word, z.array(word).min(1)]);

const results = z.strictObject({
  list: word.default('results'),
  key: word.optional(),
  status: word.default('status'),
  error: word.default('error'),
  success: z.array(word).default(['ok', 'success', 'succeeded', 'created', 'updated', 'deleted', 'accepted']),
  reports: z.enum(['all', 'failures']).default('all'),
});

const batchSize = z.int().min(1).max(10_000);

const endpoint = z.strictObject({
  method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE']).default('POST'),
  path: word,
  records_key: word.nullable().default('records'),
  batch_size: batchSize.optional(),
  results: results.optional(),
});

const share = z.string().regex(/^\d{1,3}(\.\d+)?%$/, 'must be a number of rows, or a share such as 10%');

const schema = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,40}$/, 'must be 1 to 40 letters, digits, _ or -')
    .optional(),
  description: z.string().default(''),
  tags: words.optional(),
  schedule: words.optional(),
  model: word,
  destination: word,
  primary_key: words,
  fields: z.record(word, word),
  endpoints: z.strictObject({
    upsert: endpoint.optional(),
    insert: endpoint.optional(),
    update: endpoint.optional(),
    delete: endpoint.optional(),
  }),
  batch_size: batchSize.default(100),
  rate_limit: z
    .strictObject({ requests: z.int().min(1), per_seconds: z.number().positive().default(1) })
    .optional(),
  on_delete: z.enum(['delete', 'ignore']).optional(),
  max_deletes: z.union([z.int().min(0), share]).default('50%'),
  on_invalid_key: z.enum(['fail', 'quarantine']).default('fail'),
  max_failures: z.int().min(0).default(0),
  retry: z
    .strictObject({
      max_attempts: z.int().min(1).max(20).default(5),
      delay_seconds: z.number().min(0).default(1),
      max_delay_seconds: z.number().min(0).default(60),
    })
    .prefault({}),
});

/** The surface of `syncs/*.yaml`. */
export const syncSchema: z.ZodType<SyncYaml> = schema;

/** A sync file as the schema lets it through, defaults filled in. */
export interface SyncYaml {
  readonly name?: string | undefined;
  readonly description: string;
  readonly tags?: Words | undefined;
  readonly schedule?: Words | undefined;
  readonly model: string;
  readonly destination: string;
  readonly primary_key: Words;
  readonly fields: Readonly<Record<string, string>>;
  readonly endpoints: Readonly<Partial<Record<EndpointName, EndpointYaml | undefined>>>;
  readonly batch_size: number;
  readonly rate_limit?: { readonly requests: number; readonly per_seconds: number } | undefined;
  readonly on_delete?: 'delete' | 'ignore' | undefined;
  readonly max_deletes: number | string;
  readonly on_invalid_key: 'fail' | 'quarantine';
  readonly max_failures: number;
  readonly retry: {
    readonly max_attempts: number;
    readonly delay_seconds: number;
    readonly max_delay_seconds: number;
  };
}

export type EndpointName = 'upsert' | 'insert' | 'update' | 'delete';

export interface EndpointYaml {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly records_key: string | null;
  readonly batch_size?: number | undefined;
  readonly results?:
    | {
        readonly list: string;
        readonly key?: string | undefined;
        readonly status: string;
        readonly error: string;
        readonly success: readonly string[];
        readonly reports: 'all' | 'failures';
      }
    | undefined;
}

type Words = string | readonly string[];
