import type { Connection } from '../connector/connection.ts';
import type { Connector } from '../connector/connector.ts';
import type { Row } from '../connector/values/row-value.ts';
import type { TableSchema } from '../sql/data-type.ts';

/** The functions of a test runner: those of vitest and of `node:test` fit. */
export interface SuiteRunner {
  readonly describe: (name: string, body: () => void) => unknown;
  readonly test: SuiteTest & { readonly skip: SuiteTest };
  readonly before: (work: () => Promise<void>) => unknown;
  readonly after: (work: () => Promise<void>) => unknown;
}

type SuiteTest = (name: string, body: () => Promise<void>) => unknown;

/** What is left out, and why: `reason` is shown beside the test's name. */
export interface SuiteGap {
  /** The test's name, as the suite prints it. */
  readonly skip: string;
  readonly reason: string;
  /** The system cannot hold such values: instead of being skipped, the test demands that putting them is a `DataError`. */
  readonly refused?: true;
}

/** Rows that a test needs in the system. */
export interface SuiteTable {
  /** Small letters and `_`. */
  readonly name: string;
  readonly schema: TableSchema;
  /** May be read more than once. */
  readonly pages: Iterable<readonly Row[]>;
}

export interface SuiteOptions<Config> {
  readonly runner: SuiteRunner;
  readonly connector: Connector<Config>;
  /** Settings of a connection that works. Called before the first test. */
  readonly config: () => Config | Promise<Config>;
  /** Relative paths of the connection begin here. */
  readonly folder: string;
  /**
   * Makes a stream of these rows, in the place of one of that name, and resolves to the name that `read` takes.
   * Default: through the connection's own target.
   */
  readonly put?: (table: SuiteTable, connection: Connection) => Promise<string>;
  /** For systems whose streams are given, so that nothing can be put there: one with two rows or more. */
  readonly stream?: string;
  /** Settings that the system refuses, and the secret in them that no message may hold. */
  readonly wrong?: () => { readonly config: Config; readonly secret: string };
  /** Counts the sessions of connections to the system. */
  readonly sessions?: () => Promise<number>;
  readonly gaps?: readonly SuiteGap[];
}
