import type { z } from 'zod';
import type { Connection } from './connection.ts';

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
  open(config: Config, environment: ConnectorEnvironment): Promise<Connection>;
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
}

/** Checks nothing; gives the config its type. */
export function defineConnector<Config>(connector: Connector<Config>): Connector<Config> {
  return connector;
}
