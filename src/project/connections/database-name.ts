import type { ConnectionDeclaration } from './connections-file.ts';

/** Names that DuckDB keeps for itself; a file of that name is attached with `_db` behind it. */
const reservedByDuckdb: ReadonlySet<string> = new Set(['main', 'temp', 'system']);

/**
 * What dbt calls `target.database`: PostgreSQL's database, or the name under which DuckDB attaches the
 * file, as `select current_database()` tells it. Empty when the declaration does not say.
 */
export function databaseName({ type, config, url }: ConnectionDeclaration): string {
  if (type !== 'duckdb')
    return stringOf(config['database']) ?? stringOf(config['dbname']) ?? databaseInUrl(url);
  const candidates = [config['database'], config['path'], config['instance'], config['url'], url];
  const written = candidates.find((candidate) => typeof candidate === 'string') ?? '';
  const file =
    written
      .replace(/[?#].*$/, '')
      .split(/[\\/]/)
      .at(-1) ?? '';
  if (file === '' || file === ':memory:') return 'memory';
  const [name = ''] = file.replace(/^\.+/, '').split('.');
  return reservedByDuckdb.has(name) ? `${name}_db` : name;
}

/** Empty for a URL that cannot be read: a piece of it might be a piece of the password. */
function databaseInUrl(url: string | undefined): string {
  if (url === undefined || !URL.canParse(url)) return '';
  try {
    return decodeURIComponent(new URL(url).pathname.slice(1));
  } catch {
    return '';
  }
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
