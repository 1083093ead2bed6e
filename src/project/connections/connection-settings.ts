import { readableIssues } from '../../config/zod-issues.ts';
import type { Connector } from '../../connector/connector.ts';
import { ConfigError, MillraceError } from '../../core/errors.ts';
import { connectorKeys } from './connection-keys.ts';
import { withPlaceholders } from './connection-secrets.ts';
import type { ConnectionDeclaration } from './connections-file.ts';
import { findConnector } from './connector-registry.ts';
import { Mistakes } from '../settings/mistakes.ts';
import { tunnelSettings } from './ssh/ssh-tunnel.ts';

/**
 * What a declaration says, its URL taken apart and its keys over that.
 * @throws ConfigError at the declaration, without the URL, because that may hold a password
 */
export function writtenSettings(
  declaration: ConnectionDeclaration,
  connector: Connector,
): Readonly<Record<string, unknown>> {
  const { name, url, config, origin } = declaration;
  if (url === undefined) return connectorKeys(declaration, config);
  try {
    return connectorKeys(declaration, { ...connector.parseUrl(url), ...config });
  } catch (error) {
    const known = error instanceof MillraceError ? error : undefined;
    if (known?.code === 'not_yet_supported') throw known;
    throw new ConfigError(`connection ${name}: its URL cannot be read`, {
      code: 'url_invalid',
      origin,
      next: known?.next ?? 'Write % as %25, @ as %40 and / as %2F in its user and password',
    });
  }
}

/** @throws ConfigError at the declaration, naming the keys that are wrong */
export function checkedSettings(
  { name, origin }: ConnectionDeclaration,
  connector: Connector,
  settings: Readonly<Record<string, unknown>>,
): unknown {
  const parsed = connector.config.safeParse(settings);
  if (parsed.success) return parsed.data;
  throw new ConfigError(`connection ${name}: ${readableIssues(parsed.error, connector.config)}`, {
    code: 'connection_invalid',
    origin,
  });
}

/**
 * Checks the settings of connections without reaching anything.
 * @throws ProjectError with every mistake
 */
export async function checkDeclarations(declarations: Iterable<ConnectionDeclaration>): Promise<void> {
  const mistakes = new Mistakes();
  for (const declaration of declarations) {
    const entry = findConnector(declaration.type);
    if (!entry) continue;
    const connector = await entry.load();
    await mistakes.collect(() => {
      const { rest } = tunnelSettings(writtenSettings(withPlaceholders(declaration), connector));
      checkedSettings(declaration, connector, rest);
    });
  }
  mistakes.throwIfAny();
}
