import type { RelationInfo } from '../../connector/connection.ts';
import type { ResultSet } from '../../connector/result-set.ts';
import type { Dialect } from '../../sql/dialect.ts';
import type { RelationName } from '../manifest/transform-node.ts';

/** A column with its type as the database spells it. */
export interface RelationColumn {
  readonly name: string;
  readonly dataType: string;
}

/** The warehouse as templates may use it while a model runs; absent while a project is read. */
export interface TemplateDatabase {
  readonly dialect: Dialect;
  query(sql: string): Promise<ResultSet>;
  execute(sql: string): Promise<number>;
  /** Columns of a table or view; empty when it does not exist. */
  columns(relation: RelationName): Promise<readonly RelationColumn[]>;
  /** Tables and views of a schema, in the current database unless another one is named. */
  list(schema: string, databaseName?: string): Promise<readonly RelationInfo[]>;
}
