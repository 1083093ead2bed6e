import type { JsonObject } from '../../core/json.ts';

/** A statement, and those that make it possible when it fails at first. */
export interface OpeningStatement {
  readonly sql: string;
  readonly before?: readonly string[];
}

/** Where a dbt project lies and what it is built into. */
export interface TransformOptions {
  /** Absolute; origins are relative to it. */
  readonly projectFolder: string;
  /** Absolute folder that holds `dbt_project.yml`. */
  readonly folder: string;
  /** Name of the warehouse connection. */
  readonly connection: string;
  readonly dialectName: 'duckdb' | 'postgres';
  /**
   * The warehouse's own name of its database (what `select current_database()` says), first part of every
   * name in compiled SQL. Empty: names have two parts.
   */
  readonly database: string;
  /** dbt's target schema. */
  readonly schema: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Values that win over `vars:`. */
  readonly vars?: JsonObject;
  /** dbt's `target.name`; `dev` when absent. */
  readonly targetName?: string;
  /** dbt's `target.profile_name`; the project's name when absent. */
  readonly profileName?: string;
  /** dbt's `target.threads`; 4 when absent. */
  readonly threads?: number;
  /** More keys of `target`, such as `user` and `host`; nothing secret. */
  readonly targetValues?: JsonObject;
  /** Whether tests keep their failing rows where they do not say so themselves. */
  readonly storesFailures?: boolean;
  /** Whether what dbt reads over (names and keys that nobody knows, tests of what is not there) is a warning. */
  readonly toleratesUndefined?: boolean;
  /** Names of other databases that sources may lie in. */
  readonly attachedDatabases?: readonly string[];
  /** What opens the warehouse. */
  readonly openingStatements?: readonly OpeningStatement[];
  /** Absolute file in which what was read is kept for the next process; nothing is kept where its folder is not there. */
  readonly cacheFile?: string;
}
