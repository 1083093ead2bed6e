import type { Quoting } from '../files/quoting.ts';
import type { RelationName } from './transform-node.ts';

/**
 * The name that the database makes of parts that are not quoted: PostgreSQL folds them to lower case, DuckDB compares
 * without regard to case. So that every name can be quoted afterwards.
 */
export function foldedName(name: RelationName, said: Quoting, dialectName: string): RelationName {
  if (dialectName !== 'postgres') return name;
  return {
    database: name.database,
    schema: said.schema === false ? name.schema.toLowerCase() : name.schema,
    identifier: said.identifier === false ? name.identifier.toLowerCase() : name.identifier,
  };
}
