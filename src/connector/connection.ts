import type { Column, TableSchema } from '../sql/data-type.ts';
import type { Dialect, TableName } from '../sql/dialect.ts';
import type { Payload, PayloadFormat } from './payload.ts';
import type { ResultSet } from './result-set.ts';

/**
 * An open handle on one system. What it can do is told by which of the optional parts it has.
 * Errors thrown by any method are `MillraceError`s and never hold secrets.
 */
export interface Connection {
  /** As in `connections.yaml`. */
  readonly name: string;
  /** The connector's type, such as `postgres`. */
  readonly type: string;
  /** Absolute; where relative paths begin. For connections to files of this machine. */
  readonly folder?: string;
  /** Reaches the system and says what was found, in one line. */
  check(signal: AbortSignal): Promise<string>;
  close(): Promise<void>;
  /** Readings that may go on at the same time; the load decides when absent. */
  readonly maxReads?: number;
  readonly database?: SqlDatabase;
  readonly source?: Source;
  readonly target?: Target;
  readonly http?: HttpEndpoint;
  /**
   * Hears what is announced in the system under that name, from the time this resolves until `close` or until `onEnd` is
   * called because the connection was lost. Absent where there is no such thing.
   */
  listen?(channel: string, heard: (payload: string) => void, onEnd: () => void): Promise<Listening>;
}

export interface Listening {
  close(): Promise<void>;
}

/** Runs SQL. Statements on one `SqlSession` run one after another, sessions side by side. */
export interface SqlDatabase extends SqlSession {
  readonly dialect: Dialect;
  /**
   * Runs `work` in one transaction on a session of its own; rolls back when it throws.
   * @param isolation the system's own choice when absent; systems with one level only have that
   */
  transaction<T>(
    work: (session: SqlSession) => Promise<T>,
    signal?: AbortSignal,
    isolation?: IsolationLevel,
  ): Promise<T>;
  /** Shape of a table or view; undefined when it does not exist. */
  describe(table: TableName): Promise<RelationSchema | undefined>;
  /** Tables and views of a schema; empty when the schema does not exist. */
  list(schema: string): Promise<readonly RelationInfo[]>;
  /**
   * Tries to take a lock of that name in this database, without waiting. It ends with `release`, with the
   * session that holds it, or with the process. Absent where the system has no such locks.
   */
  lock?(name: string): Promise<LockAttempt>;
}

/** How far a transaction is kept apart from others, as SQL names it. */
export type IsolationLevel = 'read uncommitted' | 'read committed' | 'repeatable read' | 'serializable';

/** A lock, or who has it, for people. */
export type LockAttempt = { readonly lock: SqlLock } | { readonly holder: string };

export interface SqlLock {
  /** False once it is lost, such as with its connection. */
  isHeld(): boolean;
  release(): Promise<void>;
}

export interface SqlSession {
  /** For small results. `parameters` are bound by position. Aborting cancels in the database. */
  query(sql: string, parameters?: readonly unknown[], signal?: AbortSignal): Promise<ResultSet>;
  /** Runs a statement; resolves to the number of rows it changed (0 when not known). */
  execute(sql: string, parameters?: readonly unknown[], signal?: AbortSignal): Promise<number>;
}

export interface RelationSchema extends TableSchema {
  /** Absent when only `list` tells. */
  readonly type?: RelationInfo['type'];
}

export interface RelationInfo {
  readonly name: string;
  readonly type: 'table' | 'view';
}

/** Something to read: a table, a query, or files. */
export interface StreamRef {
  /** As the user wrote it: `public.orders`, `file://data/*.csv`. */
  readonly name: string;
  /** Set when the stream is a query instead of a table or file. */
  readonly sql?: string;
}

export interface StreamSchema extends TableSchema {
  /** From statistics; absent when unknown. */
  readonly estimatedRows?: number;
  /** Forms of the source that this very stream cannot be given in, and why; a few words for people. */
  readonly withheld?: Readonly<Partial<Record<PayloadFormat, string>>>;
}

/** What to read of a stream. Predicates are SQL of the source, built and quoted by the caller. */
export interface ReadRequest {
  readonly stream: StreamRef;
  /** Columns in the order wanted, as `describe` named them. */
  readonly columns: readonly string[];
  /** SQL predicate, or absent. */
  readonly where?: string;
  /** SQL order keys, or absent. */
  readonly orderBy?: string;
  readonly limit?: number;
  /** Only for sources without predicates. */
  readonly after?: ReadAfter;
  /** The connector's own read options, checked by the load room (delimiter, header, encoding). */
  readonly options: Readonly<Record<string, unknown>>;
}

/**
 * Where a source without predicates may begin: rows whose `column` is below `value` are not needed. It must give
 * every row that is equal to it or above, and those where it is NULL; what it gives beyond that is left out by the load.
 */
export interface ReadAfter {
  /** As `describe` named it. */
  readonly column: string;
  /** Digits, text, or a time as ISO 8601 writes it; instants end in `Z`. */
  readonly value: string;
}

export interface Source {
  /** Forms it can give, best first. */
  readonly emits: readonly PayloadFormat[];
  /**
   * `none`: it cannot evaluate SQL, gets no `where` and no `orderBy`, but `after`. Default: `sql`, in the dialect of
   * the connection's `database`, or DuckDB's without one.
   */
  readonly predicates?: 'sql' | 'none';
  /** Names of the streams that match a pattern such as `public.*`, `*.csv`; sorted. */
  discover(pattern: string): Promise<readonly string[]>;
  /** Throws `ConfigError` code `stream_missing` when there is no such stream. */
  describe(stream: StreamRef, options: ReadRequest['options'], signal?: AbortSignal): Promise<StreamSchema>;
  /** Starts reading. The payload must be consumed or the signal aborted. */
  read(request: ReadRequest, format: PayloadFormat, signal: AbortSignal): Promise<Payload>;
}

/** A column that is made of the columns of a stage. */
export interface WrittenColumn extends Column {
  /** DuckDB's. */
  readonly sql: string;
}

/** Where rows land before they are published. */
export interface StageRequest {
  /** A table (systems with `database`) or the path of a file beside the final one. */
  readonly table: TableName;
  readonly schema: TableSchema;
  /**
   * Database targets only: columns that the table holds as text, so that what the system has no value for
   * (NaN, infinity, years beyond its calendar) is staged too. Targets that have a value for everything need not.
   */
  readonly asText?: readonly string[];
  /** File targets only: how to write (header, delimiter, compression), checked by the load room. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** File targets only: what is written of the rows, over the columns of `schema`; these as they are when absent. */
  readonly written?: readonly WrittenColumn[];
  /** File targets only: the file is a folder of files, by parts of the time in a column. */
  readonly parts?: FileParts;
  /** Called with running totals. */
  readonly onProgress: (rows: number, bytes: number) => void;
  /** Called with what people should know about the way that was taken. */
  readonly onNote?: (text: string) => void;
}

/** Parts of a time by which files can be divided, coarse ones first. */
export const partLevels = ['year', 'year_month', 'month', 'week', 'day', 'hour', 'minute', 'second'] as const;

export type PartLevel = (typeof partLevels)[number];

export interface FileParts {
  /** Of dates or times. */
  readonly column: string;
  /** A folder within the one before for each. */
  readonly levels: readonly PartLevel[];
  /** What names of files begin with. */
  readonly fileName: string;
}

export interface StageResult {
  readonly rows: number;
  /** Bytes as they travelled. */
  readonly bytes: number;
}

export interface Target {
  /** Forms it can take, best first. */
  readonly takes: readonly PayloadFormat[];
  /**
   * Creates the stage and fills it; nothing else in the target changes. On an error or abort the
   * stage is removed as far as possible. For SQL systems the caller then publishes by statements
   * in one transaction; file targets publish by `publishFile`.
   */
  stage(request: StageRequest, payload: Payload, signal: AbortSignal): Promise<StageResult>;
  /**
   * File targets only: moves the staged file over the final one in one step.
   * @param adds a staged folder of parts is added to the final one, file by file, instead of taking its place
   */
  publishFile?(stage: TableName, final: TableName, adds?: boolean): Promise<void>;
  /**
   * File targets only: removes the files beside `final` whose names `isLeftover` knows as stages of loads
   * that were stopped. Resolves to the names.
   */
  removeLeftovers?(final: TableName, isLeftover: (fileName: string) => boolean): Promise<readonly string[]>;
}

/** An HTTP system. Sign-in is the connection's business. */
export interface HttpEndpoint {
  readonly baseUrl: string;
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Appended to the base URL. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Already serialised. */
  readonly body?: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Gives the open connection of that name; opens it at first use and shares it afterwards. */
export type ConnectionProvider = (name: string) => Promise<Connection>;
