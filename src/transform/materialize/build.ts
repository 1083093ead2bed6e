import { createHash } from 'node:crypto';
import type { SqlSession } from '../../connector/connection.ts';
import type { Dialect } from '../../sql/dialect.ts';
import type { CompiledSql } from '../compile/compiled-sql.ts';
import type { RelationColumn } from '../context/template-database.ts';
import type { Contract } from '../manifest/contract.ts';
import type { RelationName } from '../manifest/transform-node.ts';

export type RelationType = 'table' | 'view' | 'materialized view';

/** What is needed to build one relation inside a transaction. */
export interface Build {
  readonly session: SqlSession;
  readonly dialect: Dialect;
  readonly relation: RelationName;
  /** What holds the relation's name now. */
  readonly existing: RelationType | undefined;
  /** What holds the name of the relation built beside: left over by a process that was killed. */
  readonly leftover: RelationType | undefined;
  readonly signal: AbortSignal;
  /** Columns and constraints that the relation must have. */
  readonly contract: Contract | undefined;
  readonly overrides: BuildOverrides;
  /** Views of this project, which rebuild themselves: `schema.name` in lower case. */
  readonly ownViews: ReadonlySet<string>;
  log(message: string, level: 'debug' | 'info' | 'warn'): void;
}

/** SQL that the project's own macros make instead of Millrace. */
export interface BuildOverrides {
  readonly createTable?: (relation: RelationName, select: CompiledSql) => Promise<CompiledSql>;
  readonly createView?: (relation: RelationName, select: CompiledSql) => Promise<CompiledSql>;
  /** Adds the rows of `from` to the table. */
  readonly increment?: (from: RelationName, columns: readonly RelationColumn[]) => Promise<CompiledSql>;
}

/** `"database"."schema"."name"`, without the database where names have two parts. */
export function relationSql(dialect: Dialect, relation: RelationName): string {
  const table = dialect.quoteTable({ schema: relation.schema, name: relation.identifier });
  return relation.database === '' ? table : `${dialect.quote(relation.database)}.${table}`;
}

const besideSuffix = '__dbt_tmp';

/** The name under which a relation is built before it is published. */
export function besideOf(dialect: Dialect, relation: RelationName): RelationName {
  const whole = relation.identifier + besideSuffix;
  if (Buffer.byteLength(whole) <= dialect.maxIdentifierBytes) return { ...relation, identifier: whole };
  const hash = createHash('md5').update(relation.identifier).digest('hex').slice(0, 8);
  const room = dialect.maxIdentifierBytes - besideSuffix.length - hash.length - 1;
  let head = relation.identifier;
  while (Buffer.byteLength(head) > room) head = head.slice(0, -1);
  return { ...relation, identifier: `${head}_${hash}${besideSuffix}` };
}

/** Runs one statement of the transaction; it is in the step's log at debug level. */
export async function run(build: Build, sql: string, parameters: readonly unknown[] = []): Promise<number> {
  build.log(sql, 'debug');
  return await build.session.execute(sql, parameters, build.signal);
}
