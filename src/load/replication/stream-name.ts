import type { TableName } from '../../sql/dialect.ts';

/** Reads `name`, `schema.name` and quoted forms of both. More than two parts stay in the name. */
export function parseTableName(text: string, defaultSchema: string): TableName {
  const parts = splitName(text);
  const [first, ...rest] = parts;
  if (first === undefined || rest.length === 0) return { schema: defaultSchema, name: first ?? text };
  return { schema: first, name: rest.join('.') };
}

/** The stream's `id`, or its name as an expression may say it: `public_orders`. */
export function streamId({ id, name }: { readonly id?: string; readonly name: string }): string {
  return id ?? name.replace(/^file:\/\//, '').replace(/\W+/g, '_');
}

/** The parts of a dotted name, without their quotes. */
export function splitName(text: string): readonly string[] {
  return [...text.matchAll(/"((?:[^"]|"")*)"|([^.]+)/g)].map(
    (match) => match[1]?.replaceAll('""', '"') ?? match[2] ?? '',
  );
}
