import { z } from 'zod';

/** Keys of an `http` connection. */
export const httpConfig: z.ZodType<HttpConfig> = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' }),
  headers: z.record(z.string(), z.string()).optional(),
  token: z.string().min(1).optional(),
  bearer: z.string().min(1).optional(),
  user: z.string().min(1).optional(),
  password: z.string().optional(),
  timeout_seconds: z.number().positive().optional(),
});

export interface HttpConfig {
  /** Base address; paths of requests are appended. */
  readonly url: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as `Authorization: Bearer`; `bearer` is another spelling. */
  readonly token?: string | undefined;
  readonly bearer?: string | undefined;
  /** Basic sign-in, together with `password`. */
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** Longest wait for a whole answer; 30 when absent. */
  readonly timeout_seconds?: number | undefined;
}

/** An `http(s)://user:password@host/path` address as config keys. */
export function parseHttpUrl(text: string): Readonly<Record<string, unknown>> {
  const url = new URL(text);
  const user = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  url.username = '';
  url.password = '';
  return { url: url.href, ...(user ? { user } : {}), ...(password ? { password } : {}) };
}
