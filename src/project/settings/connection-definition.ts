import type { DuckdbConfig } from '../../connectors/duckdb/config.ts';
import type { FilesConfig } from '../../connectors/files/config.ts';
import type { HttpConfig } from '../../connectors/http/config.ts';
import type { MysqlConfig } from '../../connectors/mysql/config.ts';
import type { PostgresConfig } from '../../connectors/postgres/config.ts';
import type { SqliteConfig } from '../../connectors/sqlite/config.ts';

/** `${NAME}`: of the environment, where secrets belong. */
type FromEnvironment = `\${${string}}`;

/** What has a default may be left out. */
type Keys<Config> = { readonly [Key in keyof Config]?: Config[Key] | FromEnvironment };

interface ConfigOf {
  readonly duckdb: DuckdbConfig;
  readonly file: FilesConfig;
  readonly http: HttpConfig;
  readonly mysql: MysqlConfig;
  readonly postgres: PostgresConfig;
  readonly sqlite: SqliteConfig;
}

/** A connection as `connections.yaml` has it, with the keys of its type. */
export type ConnectionDefinition = { readonly name: string } & (
  | { readonly type?: undefined; readonly url: string }
  | { [Type in keyof ConfigOf]: { readonly type: Type } & Keys<ConfigOf[Type]> }[keyof ConfigOf]
);

/** Types it; it is checked when the project is read. Connectors of one's own are named in `connections.yaml`. */
export function defineConnection(definition: ConnectionDefinition): ConnectionDefinition {
  return definition;
}
