/**
 * What the number of changed rows of a statement means:
 *
 * - `insert`: rows that were added, those that replace others included;
 * - `replace`: rows taken away because `insert` brings their newer form;
 * - `update`: rows changed in place;
 * - `remove`: rows taken away, or marked as gone, because the source has them no more;
 * - `clear`: rows taken away to make room for all of the stage;
 * - `schema`, `prepare`: no rows of the target.
 */
export type StatementRole = 'insert' | 'replace' | 'update' | 'remove' | 'clear' | 'schema' | 'prepare';

/**
 * When a statement runs where definitions commit by themselves: `before` the transaction; once the new table is
 * in its `place`, or the rows are; or when everything else is done and only leftovers are `dropped`.
 */
export type StatementTurn = 'before' | 'placed' | 'dropped';

/** One statement of a publication. */
export interface Statement {
  readonly role: StatementRole;
  readonly sql: string;
  /** Absent: in the transaction. Where definitions can be rolled back all are, in the order of the list. */
  readonly turn?: StatementTurn;
}
