import { nearest } from '../core/near-name.ts';
import { readableIssues } from '../config/zod-issues.ts';
import type { Connection } from '../connector/connection.ts';
import { ConfigError } from '../core/errors.ts';
import type { Origin } from '../core/origin.ts';
import type { ConnectionDeclaration } from './connections-file.ts';
import { findConnector } from './connector-registry.ts';

export interface ConnectionPoolOptions {
  readonly projectFolder: string;
  readonly temporaryFolder: string;
  readonly memoryBudgetBytes: number;
}

/** The open connections of a process: one per name, opened at first use, closed together. */
export class ConnectionPool {
  readonly #declarations: ReadonlyMap<string, ConnectionDeclaration>;
  readonly #options: ConnectionPoolOptions;
  readonly #open = new Map<string, Promise<Connection>>();

  constructor(declarations: ReadonlyMap<string, ConnectionDeclaration>, options: ConnectionPoolOptions) {
    this.#declarations = declarations;
    this.#options = options;
  }

  /** A `ConnectionProvider`. Capitals in names do not matter. A failed opening may be tried again. */
  get = (name: string): Promise<Connection> => {
    const key = name.toUpperCase();
    const open = this.#open.get(key);
    if (open) return open;
    const opening = this.#connect(name);
    this.#open.set(key, opening);
    opening.catch(() => this.#open.delete(key));
    return opening;
  };

  async close(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    const results = await Promise.allSettled(open.map(async (connection) => (await connection).close()));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed && open.length === 1) throw failed.reason;
  }

  async #connect(name: string): Promise<Connection> {
    const declaration = this.#declarations.get(name.toUpperCase());
    if (!declaration) throw connectionMissing(name, this.#declarations);
    const entry = findConnector(declaration.type);
    if (!entry) throw connectionMissing(name, this.#declarations);
    const connector = await entry.load();
    const fromUrl = declaration.url === undefined ? {} : connector.parseUrl(declaration.url);
    const parsed = connector.config.safeParse({ ...fromUrl, ...declaration.config });
    if (!parsed.success) {
      throw new ConfigError(`connection ${declaration.name}: ${readableIssues(parsed.error)}`, {
        code: 'connection_invalid',
        origin: declaration.origin,
      });
    }
    return connector.open(parsed.data, { name: declaration.name, ...this.#options });
  }
}

/** A name that no connection has: says which there are. */
export function connectionMissing(
  name: string,
  declarations: ReadonlyMap<string, ConnectionDeclaration>,
  origin?: Origin,
): ConfigError {
  const known = [...declarations.values()].map((declaration) => declaration.name);
  const near = nearest(name, known);
  return new ConfigError(`there is no connection '${name}'${near ? `, did you mean '${near}'?` : ''}`, {
    code: 'connection_missing',
    ...(origin ? { origin } : {}),
    next:
      known.length > 0
        ? `Known connections: ${known.join(', ')}. Add '${name}' to connections.yaml, or set ${name}=<url> in the environment`
        : `Add '${name}' to connections.yaml, or set ${name}=<url> in the environment`,
  });
}
