import { ConfigError, TransientError } from '../../core/errors.ts';
import type { Connection, HttpEndpoint, HttpRequest, HttpResponse } from '../../connector/connection.ts';
import type { HttpConfig } from './config.ts';
import { requestError } from './request-error.ts';

const defaultTimeoutSeconds = 30;

/** An endpoint that signs every request and never follows a redirect, so that credentials stay with their host. */
export function openHttp(name: string, config: HttpConfig): Connection {
  const baseUrl = config.url.replace(/\/+$/, '');
  const signedHeaders = { ...config.headers, ...authorization(name, config) };
  const timeoutSeconds = config.timeout_seconds ?? defaultTimeoutSeconds;

  async function request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const url = joinUrl(name, baseUrl, request.path);
    const place = `${request.method} ${url.origin}${url.pathname}`;
    try {
      const response = await fetch(url, {
        method: request.method,
        headers: { ...signedHeaders, ...request.headers },
        redirect: 'manual',
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)]),
        ...(request.body === undefined ? {} : { body: request.body }),
      });
      const body = await response.text();
      return { status: response.status, headers: Object.fromEntries(response.headers), body };
    } catch (error) {
      throw requestError(error, place, timeoutSeconds, signal.aborted);
    }
  }

  const http: HttpEndpoint = { baseUrl, request };
  return {
    name,
    type: 'http',
    http,
    check: async (signal) => {
      const { status } = await request({ method: 'GET', path: '' }, signal);
      return describeAnswer(name, baseUrl, status);
    },
    close: async () => {},
  };
}

function joinUrl(name: string, baseUrl: string, path: string): URL {
  const base = new URL(baseUrl);
  const url = new URL(path === '' ? baseUrl : `${baseUrl}/${path.replace(/^\/+/, '')}`);
  if (url.origin !== base.origin) {
    throw new ConfigError(`The path ${path} leaves the host of connection ${name}.`, { code: 'http_path' });
  }
  return url;
}

function authorization(name: string, config: HttpConfig): Record<string, string> {
  const token = config.token ?? config.bearer;
  const ways = [config.token, config.bearer, config.user].filter((way) => way !== undefined);
  if (ways.length > 1) {
    throw new ConfigError(`Connection ${name} names more than one way to sign in.`, {
      code: 'http_sign_in',
      next: 'Keep one of: token, bearer, user with password.',
    });
  }
  if (config.password !== undefined && config.user === undefined) {
    throw new ConfigError(`Connection ${name} has a password but no user.`, {
      code: 'http_sign_in',
      next: 'Add user, or remove password.',
    });
  }
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  if (config.user === undefined) return {};
  const pair = Buffer.from(`${config.user}:${config.password ?? ''}`, 'utf8').toString('base64');
  return { authorization: `Basic ${pair}` };
}

function describeAnswer(name: string, baseUrl: string, status: number): string {
  const host = new URL(baseUrl).host;
  if (status === 401) {
    throw new ConfigError(`${host} refused the sign-in of connection ${name} (401).`, {
      code: 'http_sign_in_refused',
      next: `Correct the token, or user and password, of ${name} in connections.yaml.`,
    });
  }
  if (status >= 500) {
    throw new TransientError(`${host} answered ${status}.`, { code: 'http_status' });
  }
  return `${host} answered ${status}`;
}
