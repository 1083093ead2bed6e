import type { IsolationLevel } from '../../connector/connection.ts';
import type { TableName } from '../../sql/dialect.ts';

/** What code of users in a process of its own asks of the engine: keys for a list of partitions, or what a file's one owner has to do. */
export type Ask =
  | { readonly kind: 'addKeys'; readonly set: string; readonly keys: readonly string[] }
  | DatabaseAsk;

/** A call of the database of a connection that the engine has open; with `session` within a transaction. */
export type DatabaseAsk =
  | {
      readonly kind: 'query' | 'execute';
      readonly connection: string;
      readonly session?: number | undefined;
      readonly sql: string;
      readonly parameters: readonly unknown[] | undefined;
    }
  | { readonly kind: 'describe'; readonly connection: string; readonly table: TableName }
  | { readonly kind: 'list'; readonly connection: string; readonly schema: string }
  | { readonly kind: 'check'; readonly connection: string }
  /** Answered with the number of the transaction's session. */
  | { readonly kind: 'begin'; readonly connection: string; readonly isolation: IsolationLevel | undefined }
  | { readonly kind: 'commit' | 'rollback'; readonly session: number };
