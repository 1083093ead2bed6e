import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { failureResponse } from './failure-response.ts';

const cookieName = 'millrace_token';
const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];

export interface GuardOptions {
  /** Loopback only: a `Host` other than these names and `allowedHosts` is refused. */
  readonly loopback: boolean;
  /** Further names that the page is reached by, such as a proxy's. Without port. */
  readonly allowedHosts: readonly string[];
  /** Every API request must carry it when given. */
  readonly token: string | undefined;
}

/** True for addresses that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return loopbackNames.includes(host) || host === '::1' || host.startsWith('127.');
}

/**
 * Refuses what a foreign web page could make a browser send: a name that resolves to this machine but
 * is not ours (DNS rebinding), and a request that comes from another origin.
 */
export function sameSiteOnly(options: GuardOptions): MiddlewareHandler {
  const names = [...loopbackNames, ...options.allowedHosts.map((name) => name.toLowerCase())];
  return async (context, next) => {
    const host = context.req.header('host') ?? '';
    if (options.loopback && !names.includes(hostName(host))) {
      return failureResponse(context, 403, {
        kind: 'config',
        code: 'host_refused',
        message: `This server does not answer to the name "${host}".`,
        next: 'Open it by 127.0.0.1, or name the host in the option allowedHosts.',
      });
    }
    if (isForeign(context, host)) {
      return failureResponse(context, 403, {
        kind: 'config',
        code: 'origin_refused',
        message: 'The request comes from another web page.',
        next: 'Use the page that this server serves, or call the API without an Origin header.',
      });
    }
    await next();
    return undefined;
  };
}

/** Asks for the token, as a bearer token or as the cookie that `?token=` leaves behind. */
export function tokenOnly(options: GuardOptions): MiddlewareHandler {
  return async (context, next) => {
    const { token } = options;
    if (token !== undefined && !isSame(presentedToken(context), token)) {
      return failureResponse(context, 401, {
        kind: 'config',
        code: 'token_missing',
        message: 'This server asks for a token.',
        next: 'Open the address that the command printed; it carries the token.',
      });
    }
    await next();
    return undefined;
  };
}

/** Moves `?token=` of a page address into a cookie, so that it does not stay in the address bar. */
export function tokenFromAddress(options: GuardOptions): MiddlewareHandler {
  return async (context, next) => {
    const given = context.req.query('token');
    if (given === undefined || options.token === undefined || !isSame(given, options.token)) {
      await next();
      return undefined;
    }
    setCookie(context, cookieName, given, { httpOnly: true, sameSite: 'Strict', path: '/' });
    return context.redirect(context.req.path);
  };
}

function presentedToken(context: Context): string {
  const bearer = /^Bearer (.+)$/i.exec(context.req.header('authorization') ?? '')?.[1];
  return bearer ?? getCookie(context, cookieName) ?? '';
}

function isSame(given: string, expected: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}

function isForeign(context: Context, host: string): boolean {
  const site = context.req.header('sec-fetch-site');
  const isNavigation = context.req.header('sec-fetch-mode') === 'navigate' && context.req.method === 'GET';
  if (site === 'cross-site' && !isNavigation) return true;
  const origin = context.req.header('origin');
  if (origin === undefined) return false;
  return URL.parse(origin)?.host !== host;
}

function hostName(host: string): string {
  return host.toLowerCase().replace(/:\d+$/, '');
}
