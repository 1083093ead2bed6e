import type { TableName } from '../../sql/dialect.ts';
import { sqliteDialect } from '../../sql/dialects/index.ts';

const part = /^(?:"((?:[^"]|"")+)"|([^".]+))(?:\.|$)/;

/** `orders`, `main.orders` or `"main"."my.orders"` as a table name; the schema is `main` when absent. */
export function parseTableName(text: string): TableName {
  const first = takePart(text);
  if (first.rest === '') return { schema: sqliteDialect.defaultSchema, name: first.name };
  return { schema: first.name, name: takePart(first.rest).name };
}

function takePart(text: string): { name: string; rest: string } {
  const match = part.exec(text);
  if (!match) return { name: text, rest: '' };
  return { name: match[1]?.replaceAll('""', '"') ?? match[2] ?? text, rest: text.slice(match[0].length) };
}
