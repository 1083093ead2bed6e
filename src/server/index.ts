import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { Hono } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import { ConfigError, FatalError } from '../core/errors.ts';
import { createApi } from './api.ts';
import { failureResponse, thrownResponse } from './failure-response.ts';
import { isLoopback, sameSiteOnly, tokenFromAddress, tokenOnly, type GuardOptions } from './guard.ts';
import { createHookRoutes } from './hooks/route.ts';
import type { ServerHost } from './host.ts';
import { LiveFeed } from './live-feed.ts';
import { pageFiles } from './page-files.ts';

export type * from './contract.ts';
export type { AutomationHost } from './automation.ts';
export type { ServerHost } from './host.ts';
export type { HookHost } from './hooks/route.ts';
export type { HookSettings } from './hooks/signature.ts';

export interface ServerOptions {
  /** Folder of the built page: `dist/web` of this package. */
  readonly pageFolder: string;
  /** Address to bind to; loopback by default. Any other one needs a `token`. */
  readonly hostname?: string;
  /** 0, the default, takes any free port. */
  readonly port?: number;
  /** When given, every API request must carry it: `Authorization: Bearer`, or once `/?token=`. */
  readonly token?: string;
  /** Names besides loopback's that the page is reached by, such as a proxy's. Without port. */
  readonly allowedHosts?: readonly string[];
  /** How long an event stream may be silent; 15 s by default. */
  readonly heartbeatSeconds?: number;
}

export interface RunningServer {
  /** Where a browser finds the page; ends without a slash. Does not hold the token. */
  readonly url: string;
  /** Ends open connections and frees the port. */
  close(): Promise<void>;
}

/**
 * Serves the API and the page of a project. Throws `ConfigError` `token_required` when asked to bind
 * beyond loopback without a token, and `FatalError` `port_taken` or `listen_failed`.
 */
export async function startServer(host: ServerHost, options: ServerOptions): Promise<RunningServer> {
  const hostname = options.hostname ?? '127.0.0.1';
  const guard = guardOptions(hostname, options);
  const closing = new AbortController();
  const feed = new LiveFeed(host);
  const app = await createApp(host, feed, guard, options, closing.signal);
  const server = createAdaptorServer({ fetch: app.fetch, hostname }) as Server;
  try {
    const port = await listen(server, hostname, options.port ?? 0);
    return {
      url: `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`,
      close: async () => {
        closing.abort();
        feed.close();
        server.closeAllConnections();
        await new Promise<void>((resolve) => server.close(() => resolve()));
      },
    };
  } catch (error) {
    feed.close();
    throw error;
  }
}

async function createApp(
  host: ServerHost,
  feed: LiveFeed,
  guard: GuardOptions,
  options: ServerOptions,
  closing: AbortSignal,
): Promise<Hono> {
  const app = new Hono();
  app.use(pageHeaders);
  // Whatever name they are reached by and wherever they come from: webhooks ask for proof of their own.
  if (host.hooks)
    app.route(
      '/hooks',
      createHookRoutes(
        host.hooks,
        (context, { status, code, message }) =>
          failureResponse(context, status, { kind: 'config', code, message }),
        Date.now,
      ),
    );
  app.use(sameSiteOnly(guard));
  app.use('/api/*', tokenOnly(guard));
  app.route('/api', createApi(host, feed, { heartbeatMs: (options.heartbeatSeconds ?? 15) * 1000, closing }));
  app.get('/metrics', tokenOnly(guard), async (context) => {
    const { contentType, text } = await host.metrics();
    return context.body(text, 200, { 'content-type': contentType, 'cache-control': 'no-store' });
  });
  app.get('*', tokenFromAddress(guard), await pageFiles(options.pageFolder));
  app.onError((error, context) => thrownResponse(context, error));
  return app;
}

const pageHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
    objectSrc: ["'none'"],
  },
  strictTransportSecurity: false,
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
});

function guardOptions(hostname: string, options: ServerOptions): GuardOptions {
  const loopback = isLoopback(hostname);
  if (!loopback && !options.token) {
    throw new ConfigError(`The server would be open to everybody who reaches ${hostname}.`, {
      code: 'token_required',
      state: 'Nothing was started.',
      next: 'Give a token, or bind to 127.0.0.1.',
    });
  }
  return { loopback, allowedHosts: options.allowedHosts ?? [], token: options.token };
}

async function listen(server: Server, hostname: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, hostname, port)));
    server.listen(port, hostname, resolve);
  });
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : port;
}

function listenError(error: NodeJS.ErrnoException, hostname: string, port: number): FatalError {
  if (error.code !== 'EADDRINUSE') {
    return new FatalError(`Cannot listen on ${hostname}:${port}: ${error.message}`, {
      code: 'listen_failed',
      next: 'Choose another address or port.',
      cause: error,
    });
  }
  return new FatalError(`Port ${port} of ${hostname} is taken by another program.`, {
    code: 'port_taken',
    state: 'Nothing was started.',
    next: 'Choose another port, or stop the other program.',
    cause: error,
  });
}
