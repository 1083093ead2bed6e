import type { z } from 'zod';
import { ConfigError } from '../core/errors.ts';
import type { Connection } from './connection.ts';
import type { TunnelledEnd } from './tunnelled-end.ts';

/**
 * How to reach one kind of system. One folder under `connectors/` exports one of these.
 * See `docs/connectors.md` for the smallest one.
 */
export interface Connector<Config = unknown> {
  /** The `type:` in `connections.yaml`, such as `postgres`. */
  readonly type: string;
  /** Other spellings of `type`, and URL schemes that mean it: `postgresql`. */
  readonly aliases: readonly string[];
  /** Keys a connection may have beside `type`; unknown keys are errors. */
  readonly config: z.ZodType<Config>;
  /** Names of config keys whose values must never be printed. */
  readonly secretKeys: readonly string[];
  /** Turns a DSN (`postgres://...`) into config keys. */
  parseUrl(url: string): Readonly<Record<string, unknown>>;
  /** What its connections can do, known before one is opened. */
  readonly roles?: readonly ConnectionRole[];
  /** Where tables without a schema live; for systems with tables only. */
  readonly defaultSchema?: string;
  open(config: Config, environment: ConnectorEnvironment): Promise<Connection>;
}

/** A part that a connection may have: see `Connection`. */
export type ConnectionRole = 'source' | 'target' | 'database' | 'http';

/** A connector as it is written: what most leave out has a default. */
export interface ConnectorDefinition<Config> extends Omit<
  Connector<Config>,
  'aliases' | 'secretKeys' | 'parseUrl'
> {
  /** Default: none. */
  readonly aliases?: readonly string[];
  /** Default: none. */
  readonly secretKeys?: readonly string[];
  /** Default: a URL is refused. */
  readonly parseUrl?: (url: string) => Readonly<Record<string, unknown>>;
}

/** What a connection may use of the world around it. */
export interface ConnectorEnvironment {
  /** The connection's name. */
  readonly name: string;
  /** Relative paths in a connection are relative to this folder. */
  readonly projectFolder: string;
  /** A folder for temporary files, removed at the end. */
  readonly temporaryFolder: string;
  /** Most memory the connection's buffers may take. */
  readonly memoryBudgetBytes: number;
  /** Most memory that an embedded engine may take; absent when it is to decide itself. */
  readonly engineMemoryBytes?: number;
  /** Absent unless host and port of the config are those of a tunnel. */
  readonly tunnel?: TunnelledEnd;
}

/** Gives the config its type, and what is left out its default. */
export function defineConnector<Config>(definition: ConnectorDefinition<Config>): Connector<Config> {
  return { aliases: [], secretKeys: [], parseUrl: refuseUrl, ...definition };
}

/** False for connectors that were defined without `parseUrl`: a key `url` is then one of their own. */
export function hasUrl(connector: Pick<Connector, 'parseUrl'>): boolean {
  return connector.parseUrl !== refuseUrl;
}

function refuseUrl(): never {
  throw new ConfigError('connections of this type cannot be written as a URL', {
    code: 'url_unsupported',
    next: 'Write it in connections.yaml with type: and its keys',
  });
}
