import type { RelationInfo } from '../../connector/connection.ts';
import type { ResultSet } from '../../connector/result-set.ts';
import type { TableSchema } from '../../sql/data-type.ts';
import type { Dialect, TableName } from '../../sql/dialect.ts';

/** The warehouse as templates may use it while a model runs; absent while a project is read. */
export interface TemplateDatabase {
  readonly dialect: Dialect;
  query(sql: string): Promise<ResultSet>;
  execute(sql: string): Promise<number>;
  describe(table: TableName): Promise<TableSchema | undefined>;
  list(schema: string): Promise<readonly RelationInfo[]>;
}
