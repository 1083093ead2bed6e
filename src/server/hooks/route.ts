import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { createHash } from 'node:crypto';
import type { JsonValue } from '../../core/json.ts';
import { type HookSettings, verify } from './signature.ts';

/** What webhooks need of a project. */
export interface HookHost {
  /** Undefined when there is none of that name. Throws a `ConfigError` when its secret is not there. */
  find(name: string): HookSettings | undefined;
  /** Starts a run, or finds the one that was started for the same `key`. */
  deliver(delivery: HookDelivery): Promise<{ readonly runId: string; readonly isNew: boolean }>;
}

export interface HookDelivery {
  readonly name: string;
  /** Tells deliveries apart; absent when the sender gives nothing to tell them by. */
  readonly key: string | undefined;
  readonly body: JsonValue;
}

export interface HookRefusal {
  readonly status: 400 | 401 | 404 | 413 | 503;
  readonly code: string;
  readonly message: string;
}

const largestBodyBytes = 1_048_576;
const longestKey = 200;
/** Headers that senders use for the id of a delivery. */
const deliveryHeaders = ['millrace-delivery', 'x-github-delivery', 'webhook-id', 'idempotency-key'];

/** To be mounted at `/hooks`. Who may call is decided by each webhook's own secret or token. */
export function createHookRoutes(
  host: HookHost,
  refuse: (context: Context, refusal: HookRefusal) => Response,
  now: () => number,
): Hono {
  const routes = new Hono();
  // A signature that is sent again under the id of another delivery is a replay.
  const seen = new Map<string, { readonly runId: string; readonly untilMs: number }>();
  const remember = (signature: string, runId: string, toleranceSeconds: number): void => {
    for (const [other, { untilMs }] of seen) if (untilMs < now()) seen.delete(other);
    seen.set(signature, { runId, untilMs: now() + 2 * toleranceSeconds * 1000 });
  };
  const tooLarge = (context: Context): Response =>
    refuse(context, { status: 413, code: 'body_too_large', message: 'The body is too large.' });
  routes.use(bodyLimit({ maxSize: largestBodyBytes, onError: tooLarge }));
  routes.options('/:name', (context) => {
    const hook = lookUp(host, context.req.param('name'));
    if (hook !== 'unset') allowOrigin(context, hook);
    context.header('access-control-allow-methods', 'POST');
    context.header('access-control-allow-headers', 'authorization, content-type, idempotency-key');
    context.header('access-control-max-age', '600');
    return context.body(null, 204);
  });
  routes.post('/:name', async (context) => {
    const name = context.req.param('name');
    const hook = lookUp(host, name);
    if (hook === 'unset')
      return refuse(context, {
        status: 503,
        code: 'webhook_unset',
        message: 'This webhook is not set up here: its owner finds out more where the server was started.',
      });
    if (!hook)
      return refuse(context, {
        status: 404,
        code: 'webhook_missing',
        message: `There is no webhook "${name}".`,
      });
    allowOrigin(context, hook);
    const body = new Uint8Array(await context.req.arrayBuffer());
    if (body.byteLength > hook.maxBodyBytes) return tooLarge(context);
    const header = (key: string): string | undefined => context.req.header(key);
    const verified = verify(hook, { header, body, nowMs: now() });
    if (!verified.isGenuine)
      return refuse(context, { status: 401, code: 'webhook_refused', message: verified.reason });
    const parsed = parseBody(body, header('content-type') ?? '');
    if (!parsed)
      return refuse(context, { status: 400, code: 'request_invalid', message: 'The body is not JSON.' });
    const known = verified.signature === undefined ? undefined : seen.get(verified.signature);
    if (known) return context.json({ runId: known.runId, duplicate: true }, 202);
    const given = deliveryHeaders.map(header).find((id) => id !== undefined && id !== '');
    const key = given ?? verified.signature;
    const { runId, isNew } = await host.deliver({
      name,
      key: key !== undefined && key.length > longestKey ? digest(key) : key,
      body: parsed.body,
    });
    if (verified.signature !== undefined) remember(verified.signature, runId, hook.toleranceSeconds);
    return context.json({ runId, duplicate: !isNew }, 202);
  });
  return routes;
}

/** Strangers are not told which secret is missing. */
function lookUp(host: HookHost, name: string): HookSettings | 'unset' | undefined {
  try {
    return host.find(name);
  } catch {
    return 'unset';
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function allowOrigin(context: Context, hook: HookSettings | undefined): void {
  const origin = context.req.header('origin');
  context.header('vary', 'origin');
  if (origin !== undefined && hook?.origins.includes(origin))
    context.header('access-control-allow-origin', origin);
}

/** JSON and forms become data, everything else a text; nothing becomes null. */
function parseBody(body: Uint8Array, type: string): { readonly body: JsonValue } | undefined {
  const text = Buffer.from(body).toString('utf8');
  if (/\bjson\b/i.test(type)) {
    try {
      return { body: text === '' ? null : (JSON.parse(text) as JsonValue) };
    } catch {
      return undefined;
    }
  }
  if (/x-www-form-urlencoded/i.test(type))
    return { body: Object.fromEntries(new URLSearchParams(text).entries()) };
  return { body: text === '' ? null : text };
}
