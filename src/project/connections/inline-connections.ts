import type { Origin } from '../../core/origin.ts';
import type { Replication } from '../../load/index.ts';
import { type ConnectionDeclaration, declare } from './connections-file.ts';

export interface NamedConnections {
  readonly replications: readonly Replication[];
  /** By name in capitals. */
  readonly connections: ReadonlyMap<string, ConnectionDeclaration>;
}

/**
 * Gives the connections that replications name by a URL a name of their own, which holds no secret and is the
 * same in every run: watermarks are kept under it.
 * @throws ConfigError for a URL of an unknown system
 */
export function nameInlineConnections(
  replications: readonly Replication[],
  connections: ReadonlyMap<string, ConnectionDeclaration>,
): NamedConnections {
  const all = new Map(connections);
  const named = (written: string, origin: Origin): string => {
    if (!written.includes('://')) return written;
    const name = nameOf(written);
    all.set(name, declare(name, { url: written }, {}, origin));
    return name;
  };
  return {
    replications: replications.map((replication) => ({
      ...replication,
      source: named(replication.source, replication.sourceOrigin),
      target: named(replication.target, replication.targetOrigin),
    })),
    connections: all,
  };
}

/** `postgres://me:secret@db.example.com:5432/shop?x=y` becomes `POSTGRES_DB_EXAMPLE_COM_5432_SHOP`. */
function nameOf(url: string): string {
  const [scheme = '', rest = ''] = url.split(/:\/\/(.*)/s);
  const place = rest.slice(rest.lastIndexOf('@') + 1).replace(/[?#].*$/s, '');
  return `${scheme}_${place}`
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/_$/, '')
    .toUpperCase();
}
