import type { StreamYaml } from './schema.ts';
import { fillKnown, type TemplateValues } from './template.ts';

/** Filled when the stream is loaded, when hooks may have set other values. */
const filledLater: ReadonlySet<string> = new Set([
  'object',
  'sql',
  'where',
  'hooks',
  'mode',
  'meta',
  'pre_sql',
  'post_sql',
  'table_ddl',
]);

/** A stream in which `{NAME}` and `{env.NAME}` in options, keys and columns are what the `env:` of the file says. */
export function withNames(stream: StreamYaml, env: Readonly<Record<string, string>>): StreamYaml {
  const values = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => [
      [name, value],
      [`env.${name}`, value],
    ]),
  );
  return Object.keys(env).length === 0 ? stream : (filled(stream, values) as StreamYaml);
}

function filled(value: unknown, values: TemplateValues): unknown {
  if (typeof value === 'string') return fillKnown(value, values);
  if (Array.isArray(value)) return value.map((item) => filled(item, values));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, filledLater.has(key) ? item : filled(item, values)]),
  );
}
