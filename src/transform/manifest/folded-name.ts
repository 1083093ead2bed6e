import type { Quoting } from '../files/quoting.ts';
import type { NamePart, RelationName } from './transform-node.ts';

const parts: readonly NamePart[] = ['database', 'schema', 'identifier'];

/**
 * The name that the database makes of parts that are not quoted: PostgreSQL folds them to lower case, DuckDB compares
 * without regard to case. So that every name can be quoted where Millrace writes it.
 */
export function foldedName(name: RelationName, said: Quoting, dialectName: string): RelationName {
  const bare = parts.filter((part) => said[part] === false);
  if (bare.length === 0) return name;
  if (dialectName !== 'postgres') return { ...name, bare };
  return {
    database: name.database,
    schema: said.schema === false ? name.schema.toLowerCase() : name.schema,
    identifier: said.identifier === false ? name.identifier.toLowerCase() : name.identifier,
    bare,
  };
}
