import { connectionMissing } from '../../connector/connection-missing.ts';
import type { Connection } from '../../connector/connection.ts';
import type { Connector } from '../../connector/connector.ts';
import type { Environment } from '../../config/environment.ts';
import { ConfigError } from '../../core/errors.ts';
import { withSecrets } from './connection-secrets.ts';
import { checkedSettings, writtenSettings } from './connection-settings.ts';
import type { ConnectionDeclaration } from './connections-file.ts';
import { findConnector } from './connector-registry.ts';
import { Redactor, secretsOf } from './redaction.ts';
import { openTunnel, type Tunnel, tunnelSettings } from './ssh/ssh-tunnel.ts';

export interface ConnectionPoolOptions {
  readonly projectFolder: string;
  /** Of commands that give secrets; says whether they may be run. Default: empty. */
  readonly environment?: Environment;
  readonly temporaryFolder: string;
  readonly memoryBudgetBytes: number;
  readonly engineMemoryBytes?: number;
}

interface Prepared {
  readonly connector: Connector;
  readonly settings: unknown;
  readonly tunnel: Tunnel | undefined;
  /** As it was written. */
  readonly declaredName: string;
}

/** Systems that can be reached through SSH, with the port they usually listen on. */
const usualPorts: ReadonlyMap<string, number> = new Map([
  ['postgres', 5432],
  ['mysql', 3306],
]);

/** The open connections of a process: one per name, opened at first use, closed together. */
export class ConnectionPool {
  readonly #declarations: ReadonlyMap<string, ConnectionDeclaration>;
  readonly #options: ConnectionPoolOptions;
  readonly #open = new Map<string, Promise<Connection>>();
  readonly #tunnels = new Set<Tunnel>();
  /** Connections that are lent, and until when. */
  readonly #lent = new Map<string, Promise<void>>();
  readonly #redactor: Redactor;

  constructor(declarations: ReadonlyMap<string, ConnectionDeclaration>, options: ConnectionPoolOptions) {
    this.#declarations = declarations;
    this.#options = options;
    this.#redactor = new Redactor(
      [...declarations.values()].flatMap(({ config, url }) => secretsOf(config, url)),
    );
  }

  /** Takes the secrets of all connections out of a text, also those that were read when one was opened. */
  redact = (text: string): string => this.#redactor.redact(text);

  /** Lets `redact` know of secrets that are in no connection. */
  keepSecret(secrets: Iterable<string>): void {
    this.#redactor.add(secrets);
  }

  /** A `ConnectionProvider`. Capitals in names do not matter. A failed opening may be tried again. */
  get = (name: string): Promise<Connection> => {
    const key = name.toUpperCase();
    const lent = this.#lent.get(key);
    if (lent) return lent.then(() => this.get(name));
    const open = this.#open.get(key);
    if (open) return open;
    const opening = this.#connect(name);
    this.#open.set(key, opening);
    opening.catch(() => this.#open.delete(key));
    return opening;
  };

  /**
   * Closes a connection for the time of `work`, so that another process can open what only one may have. Who asks for
   * the connection meanwhile waits.
   */
  async lend<T>(name: string, work: () => Promise<T>): Promise<T> {
    const key = name.toUpperCase();
    const open = this.#open.get(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lent.set(key, promise);
    this.#open.delete(key);
    try {
      await (await open)?.close();
      return await work();
    } finally {
      this.#lent.delete(key);
      resolve();
    }
  }

  /** The checked settings of a connection, with its secrets; through its SSH tunnel, which stays open. Reaches nothing else. */
  async settingsOf(name: string): Promise<unknown> {
    const { settings, tunnel } = await this.#prepare(name);
    if (tunnel) this.#tunnels.add(tunnel);
    return settings;
  }

  async close(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    const results = await Promise.allSettled(open.map(async (connection) => (await connection).close()));
    for (const tunnel of this.#tunnels) await tunnel.close();
    this.#tunnels.clear();
    const failed = results.find((result) => result.status === 'rejected');
    if (failed && open.length === 1) throw failed.reason;
  }

  async #connect(name: string): Promise<Connection> {
    const { connector, settings, tunnel, declaredName } = await this.#prepare(name);
    try {
      const connection = await connector.open(settings, {
        name: declaredName,
        ...this.#options,
        ...(tunnel ? { tunnel: tunnel.end } : {}),
      });
      if (tunnel) this.#tunnels.add(tunnel);
      return connection;
    } catch (error) {
      await tunnel?.close();
      throw error;
    }
  }

  async #prepare(name: string): Promise<Prepared> {
    const declared = this.#declarations.get(name.toUpperCase());
    if (!declared) throw connectionMissing(name, namesOf(this.#declarations));
    if (declared.problem) throw declared.problem;
    const declaration = await withSecrets(declared, {
      projectFolder: this.#options.projectFolder,
      environment: this.#options.environment ?? {},
      onSecret: (secret) => this.#redactor.add([secret, ...secretsOf(undefined, secret)]),
    });
    const entry = findConnector(declaration.type);
    if (!entry) throw connectionMissing(name, namesOf(this.#declarations));
    const connector = await entry.load();
    const written = writtenSettings(declaration, connector);
    this.#redactor.add(connector.secretKeys.flatMap((key) => textsIn(written[key])));
    const { config, tunnel } = await this.#throughTunnel(declaration, written);
    try {
      const settings = checkedSettings(declaration, connector, config);
      return { connector, settings, tunnel, declaredName: declaration.name };
    } catch (error) {
      await tunnel?.close();
      throw error;
    }
  }

  /** Lets a connection with `ssh_tunnel` go through it: `hostaddr` and `port` become the tunnel's. */
  async #throughTunnel(
    { name, type, origin }: ConnectionDeclaration,
    written: Readonly<Record<string, unknown>>,
  ): Promise<{ readonly config: Readonly<Record<string, unknown>>; readonly tunnel: Tunnel | undefined }> {
    const { settings, rest } = tunnelSettings(written);
    if (!settings) return { config: rest, tunnel: undefined };
    const usualPort = usualPorts.get(type);
    if (usualPort === undefined) {
      throw new ConfigError(`connection ${name}: a ${type} connection cannot go through ssh_tunnel`, {
        code: 'ssh_tunnel_unsupported',
        origin,
        next: `Take ssh_tunnel out; it works for ${[...usualPorts.keys()].join(', ')}`,
      });
    }
    const { host = 'localhost', port = usualPort } = rest;
    const end = { host: String(host), port: Number(port) };
    const tunnel = await openTunnel(name, settings, end, this.#options.projectFolder);
    return { config: { ...rest, host, hostaddr: '127.0.0.1', port: tunnel.port }, tunnel };
  }
}

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Names of connections as they were written. */
export function namesOf(declarations: ReadonlyMap<string, ConnectionDeclaration>): readonly string[] {
  return [...declarations.values()].map(({ name }) => name);
}
