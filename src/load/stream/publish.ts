import type { IsolationLevel, SqlDatabase, SqlSession } from '../../connector/connection.ts';
import { ConfigError, FatalError, MillraceError } from '../../core/errors.ts';
import type { Statement, StatementRole, StatementTurn } from '../../sql/merge/index.ts';
import type { RoleCounts } from './figures.ts';
import { placeTable, sealSwap, undoSwap, type TableSwap } from './swap.ts';

/** What makes a stage visible. */
export interface Publishable {
  readonly statements: readonly Statement[];
  /** Only where definitions commit by themselves. */
  readonly swap?: TableSwap;
  /** Of the transaction; the system's own choice when absent. */
  readonly isolation?: IsolationLevel;
}

type Open = (session: SqlSession) => Promise<void>;
type Seal<T> = (session: SqlSession, counts: RoleCounts) => Promise<T>;
type Counts = Partial<Record<StatementRole, number>>;

/**
 * Runs `open`, a publication's statements, then `seal`, in one transaction; where definitions commit by themselves
 * these come before it and after it.
 * @param open runs first in the same transaction
 * @param seal writes what belongs to the same transaction, such as the watermark
 * @returns what `seal` gives
 */
export async function publish<T>(
  database: SqlDatabase,
  open: Open,
  { statements, swap, isolation }: Publishable,
  seal: Seal<T>,
  signal: AbortSignal,
): Promise<T> {
  const counts: Counts = {};
  if (!database.dialect.ddlCommits) {
    return await database.transaction(
      async (session) => {
        await open(session);
        await runAll(session, statements, counts, signal);
        return await seal(session, counts);
      },
      signal,
      isolation,
    );
  }
  const of = (turn: StatementTurn | undefined): readonly Statement[] =>
    statements.filter((statement) => statement.turn === turn);
  await runAll(database, of('before'), counts, signal);
  const result = swap
    ? await publishBySwap(
        database,
        open,
        { within: of(undefined), placed: of('placed'), swap },
        counts,
        seal,
        signal,
      )
    : await database.transaction(
        async (session) => {
          await open(withoutDefinitions(session));
          await runAll(session, of(undefined), counts, signal);
          return await seal(withoutDefinitions(session), counts);
        },
        signal,
        isolation,
      );
  if (!swap) await runPublished(database, of('placed'), counts, signal);
  const held = swap ? [{ sql: `drop table if exists ${database.dialect.quoteTable(swap.held)}` }] : [];
  // What is left of them the next run removes.
  for (const { sql } of [...of('dropped'), ...held]) await database.execute(sql).catch(() => undefined);
  return result;
}

interface SwapSteps {
  readonly within: readonly Statement[];
  readonly placed: readonly Statement[];
  readonly swap: TableSwap;
}

async function publishBySwap<T>(
  database: SqlDatabase,
  open: Open,
  { within, placed, swap }: SwapSteps,
  counts: Counts,
  seal: Seal<T>,
  signal: AbortSignal,
): Promise<T> {
  await database.transaction((session) => open(withoutDefinitions(session)), signal);
  try {
    await placeTable(database, swap);
    await runAll(database, placed, counts, signal);
    return await database.transaction(async (session) => {
      await runAll(session, within, counts, signal);
      const result = await seal(withoutDefinitions(session), counts);
      await sealSwap(database, session, swap);
      return result;
    }, signal);
  } catch (error) {
    // If this fails too, the next run does it.
    await undoSwap(database, swap).catch(() => undefined);
    throw error;
  }
}

async function runAll(
  session: SqlSession,
  statements: readonly Statement[],
  counts: Counts,
  signal: AbortSignal,
): Promise<void> {
  for (const { role, sql } of statements) {
    const changed = await session.execute(sql, [], signal);
    counts[role] = (counts[role] ?? 0) + changed;
  }
}

/** @throws FatalError code `post_sql_failed`, because the rows cannot be taken back any more */
async function runPublished(
  database: SqlDatabase,
  statements: readonly Statement[],
  counts: Counts,
  signal: AbortSignal,
): Promise<void> {
  try {
    await runAll(database, statements, counts, signal);
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    throw new FatalError(`post_sql: ${error.message}`, {
      code: 'post_sql_failed',
      state: 'The rows and their watermark are published',
      next: 'Correct post_sql:, and run what is left of it by hand',
      cause: error,
    });
  }
}

const definition =
  /^\s*(create(?!\s+temporary)|alter|drop(?!\s+temporary)|rename|truncate|analyze|optimize|grant|revoke|lock|start|begin|commit|rollback)\b/i;

/** A session of a transaction that a hook's definition would commit half done. */
function withoutDefinitions(session: SqlSession): SqlSession {
  const checked = (sql: string): string => {
    if (!definition.test(sql)) return sql;
    throw new ConfigError(
      `a merge hook says '${sql.trim().slice(0, 60)}', which would commit what is half done`,
      {
        code: 'definition_in_transaction',
        state: 'Nothing was published',
        next: 'Move it to pre_sql:, post_sql:, or a hook of pre: or post:',
      },
    );
  };
  return {
    query: (sql, parameters, signal) => session.query(checked(sql), parameters, signal),
    execute: (sql, parameters, signal) => session.execute(checked(sql), parameters, signal),
  };
}

/** A file of these has one writer at a time. */
const singleWriters: readonly string[] = ['duckdb', 'sqlite'];

/**
 * Lets publications into one DuckDB or SQLite file go one after another: two transactions there that touch the same
 * catalogue entry, or write at all, fail instead of waiting for each other.
 */
export class PublishTurns {
  readonly #last = new Map<string, Promise<unknown>>();

  async take<T>(database: SqlDatabase, connection: string, work: () => Promise<T>): Promise<T> {
    if (!singleWriters.includes(database.dialect.name)) return await work();
    const before = this.#last.get(connection) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#last.set(
      connection,
      turn.catch(() => undefined),
    );
    return await turn;
  }
}
