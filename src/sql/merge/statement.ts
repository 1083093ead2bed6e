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

/** One statement of a publication. All of them run in order, in one transaction. */
export interface Statement {
  readonly role: StatementRole;
  readonly sql: string;
}
