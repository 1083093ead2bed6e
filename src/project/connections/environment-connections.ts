import { parse } from 'yaml';
import type { Environment } from '../../config/environment.ts';
import type { Origin } from '../../core/origin.ts';
import { findConnector } from './connector-registry.ts';
import {
  declare,
  type ConnectionDeclaration,
  urlScheme,
  type WrittenConnection,
} from './connections-file.ts';

/** Names the ledger, which is Millrace's own. */
const ledgerVariable = 'MILLRACE_LEDGER_URL';

/**
 * Connections among variables: every one whose value is the URL of a known database, or a map in JSON or
 * YAML with a known `type` or such a `url`; either may be wrapped as `base64:...:46esab`. The ledger's is none.
 * @throws ConfigError for a map whose type is known and which is wrong
 */
export function environmentConnections(
  variables: Environment,
  originOf: (name: string) => Origin,
): readonly ConnectionDeclaration[] {
  return Object.entries(variables).flatMap(([name, value]) => {
    const written =
      value === undefined || name === ledgerVariable ? undefined : connectionIn(unwrapped(value));
    if (written === undefined) return [];
    // A value is taken as it is, as a password may hold a dollar sign.
    if (typeof written === 'string') {
      const type = findConnector(urlScheme(written) ?? '')?.type ?? '';
      return [{ name, type, config: {}, url: written, origin: originOf(name) }];
    }
    return [declare(name, written, variables, originOf(name))];
  });
}

function unwrapped(value: string): string {
  const encoded = /^base64:([A-Za-z0-9+/=\s]+):46esab$/.exec(value.trim())?.[1];
  return encoded === undefined ? value : Buffer.from(encoded, 'base64').toString();
}

function connectionIn(value: string): WrittenConnection | undefined {
  if (isDatabaseUrl(value)) return value;
  if (!/^\s*\{|^\s*(type|url)\s*:/m.test(value)) return undefined;
  const map = parsedMap(value);
  const { type, url } = map ?? {};
  const isConnection =
    typeof type === 'string'
      ? findConnector(type) !== undefined
      : typeof url === 'string' && isDatabaseUrl(url);
  return isConnection ? map : undefined;
}

/** Addresses of pages and paths of files are in many variables that have nothing to do with connections. */
function isDatabaseUrl(text: string): boolean {
  const type = findConnector(urlScheme(text) ?? '')?.type;
  return type !== undefined && type !== 'http' && type !== 'file';
}

function parsedMap(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = parse(text, { logLevel: 'error' });
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
