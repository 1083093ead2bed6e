import type { ConnectionDeclaration } from './connections-file.ts';

/** Names that DuckDB keeps for itself; a file of that name is attached with `_db` behind it. */
const reservedByDuckdb: ReadonlySet<string> = new Set(['main', 'temp', 'system']);

/**
 * What dbt calls `target.database`: PostgreSQL's database, or the name under which DuckDB attaches the
 * file, as `select current_database()` tells it. Empty when the declaration does not say.
 */
export function databaseName({ type, config, url }: ConnectionDeclaration): string {
  const candidates = [config['database'], config['path'], config['instance'], config['url'], url];
  const written = candidates.find((candidate) => typeof candidate === 'string') ?? '';
  const file =
    written
      .replace(/[?#].*$/, '')
      .split(/[\\/]/)
      .at(-1) ?? '';
  if (type !== 'duckdb') return decodeURIComponent(file);
  if (file === '' || file === ':memory:') return 'memory';
  const [name = ''] = file.replace(/^\.+/, '').split('.');
  return reservedByDuckdb.has(name) ? `${name}_db` : name;
}
