import { z } from 'zod';
import type { Origin } from '../core/origin.ts';
import { reportMistake, suggest } from './errors.ts';
import type { ChartBlock, ChartKind } from './report.ts';
import type { Tag } from './tag-syntax.ts';

const name = z.string().min(1);
const columnNames = z.union([name.transform((one) => [one]), z.array(name).min(1)]);
const format = z
  .string()
  .regex(
    /^(?:integer|decimal|percent|[A-Z]{3})$/,
    'expected integer, decimal, percent or a currency code such as CAD',
  );
const shared = {
  query: name,
  title: z.string().optional(),
  format: format.optional(),
};
const axes = { ...shared, x: name, y: columnNames, series: name.optional() };

/** What each tag may say. One schema gives the check and the error messages. */
const chartSchemas = {
  bar: z.strictObject(axes),
  line: z.strictObject(axes),
  value: z.strictObject({ ...shared, column: name }),
  table: z.strictObject({ ...shared, columns: columnNames.optional() }),
} as const;

/** Checks a tag against its schema; throws `ConfigError` at the attribute's place. */
export function readChart(tag: Tag): ChartBlock {
  const kind = chartKind(tag);
  switch (kind) {
    case 'bar':
    case 'line':
      return axesChart(kind, checked(chartSchemas[kind], tag), tag.origin);
    case 'value': {
      const { query, title, format, column } = checked(chartSchemas.value, tag);
      return { ...head(kind, query, title ?? column, format, tag.origin), y: [column] };
    }
    default: {
      const { query, title, format, columns } = checked(chartSchemas[kind], tag);
      return { ...head(kind, query, title ?? query, format, tag.origin), ...(columns ? { columns } : {}) };
    }
  }
}

function checked<S extends z.ZodObject>(schema: S, tag: Tag): z.infer<S> {
  const values = Object.fromEntries(tag.attributes.map(({ name, value }) => [name, value]));
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  throw attributeMistake(tag, Object.keys(schema.shape), parsed.error.issues[0]);
}

function axesChart(
  kind: 'bar' | 'line',
  values: z.infer<(typeof chartSchemas)['bar']>,
  origin: Origin,
): ChartBlock {
  if (values.series !== undefined && values.y.length > 1) {
    throw reportMistake(
      `A ${kind} with series='${values.series}' takes one y column; it has ${values.y.length}`,
      'series_with_many_y',
      origin,
    );
  }
  const { query, title, format, x, y, series } = values;
  return {
    ...head(kind, query, title ?? `${y.join(', ')} by ${x}`, format, origin),
    x,
    y,
    ...(series === undefined ? {} : { series }),
  };
}

function head(
  chart: ChartKind,
  queryName: string,
  title: string,
  format: ChartBlock['format'],
  origin: Origin,
): ChartBlock {
  return { type: 'chart', chart, title, queryName, origin, ...(format === undefined ? {} : { format }) };
}

function chartKind(tag: Tag): ChartKind {
  const kinds = Object.keys(chartSchemas);
  if (isChartKind(tag.name)) return tag.name;
  throw reportMistake(`Unknown chart '${tag.name}'${suggest(tag.name, kinds)}`, 'unknown_tag', tag.origin);
}

function isChartKind(text: string): text is ChartKind {
  return Object.hasOwn(chartSchemas, text);
}

function attributeMistake(tag: Tag, known: readonly string[], issue: z.core.$ZodIssue | undefined): Error {
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    return reportMistake(
      `Unknown attribute '${key}' of ${tag.name}${suggest(key, known)}`,
      'unknown_attribute',
      attributeOrigin(tag, key),
    );
  }
  const key = String(issue?.path[0] ?? '');
  if (!tag.attributes.some((attribute) => attribute.name === key)) {
    return reportMistake(`${tag.name} needs the attribute '${key}'`, 'attribute_missing', tag.origin);
  }
  return reportMistake(
    `Attribute '${key}' of ${tag.name} is not valid: ${issue?.message ?? 'unknown'}`,
    'attribute_invalid',
    attributeOrigin(tag, key),
  );
}

function attributeOrigin(tag: Tag, key: string): Origin {
  return tag.attributes.find((attribute) => attribute.name === key)?.origin ?? tag.origin;
}
