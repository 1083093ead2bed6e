import type { Origin } from '../../core/origin.ts';
import type { MergeStrategy } from '../../sql/merge/index.ts';
import type { ColumnRule } from './column-rule.ts';
import { deleteMissing } from './delete-missing.ts';
import { isolationWord } from './isolation-level.ts';
import type { StreamConfig, TargetOptions } from './replication.ts';
import type { StreamYaml } from './schema.ts';
import type { StreamOrigins } from './stream-origins.ts';
import { foreignTableKeys } from './unsupported.ts';
import { list, optional, pick } from './written-values.ts';

const unkeyedModes: ReadonlySet<string> = new Set([
  'full-refresh',
  'truncate',
  'snapshot',
  'definition-only',
]);

const fileTargetOptions = [
  'header',
  'compression',
  'delimiter',
  'format',
  'datetime_format',
  'encoding',
  'max_decimals',
  'file_max_rows',
  'file_max_bytes',
] as const;

/** The `target_options` of a stream, checked. */
export function targetOptions(
  name: string,
  stream: StreamYaml,
  { primaryKey, rules }: Pick<StreamConfig, 'primaryKey' | 'rules'>,
  origins: StreamOrigins,
): TargetOptions {
  const options = stream.target_options ?? {};
  const place = (key: string): Origin => origins.of(['target_options', key]);
  const missing = deleteMissing(options['delete_missing'], place('delete_missing'));
  const strategy = options['merge_strategy'];
  const merges = primaryKey.length > 0 && !unkeyedModes.has(stream.mode ?? '');
  for (const key of ['delete_missing', 'merge_strategy']) {
    if (merges || options[key] === undefined) continue;
    const message = `the stream '${name}' has ${key}, and does not merge rows by a primary_key: it is ignored`;
    origins.warn({ message, origin: place(key) });
  }
  for (const [key, systems] of foreignTableKeys(options.table_keys ?? {})) {
    const message = `table_keys.${key} is a key of ${systems}: it is ignored`;
    origins.warn({ message, origin: origins.of(['target_options', 'table_keys', key]) });
  }
  return {
    columnCasing: (options.column_casing ?? 'normalize') as TargetOptions['columnCasing'],
    addNewColumns: options.add_new_columns ?? true,
    adjustColumnType: options.adjust_column_type ?? false,
    columnTyping: options.column_typing ?? {},
    ...optional('mergeStrategy', merges ? (strategy as MergeStrategy | undefined) : undefined),
    ...optional('deleteMissing', merges ? missing : undefined),
    ignoreExisting: options.ignore_existing ?? false,
    ...optional('tableDdl', options.table_ddl?.trim() ? options.table_ddl.trim() : undefined),
    ...optional('isolationLevel', isolationWord(options['isolation_level'], place('isolation_level'))),
    preSql: list(options.pre_sql),
    postSql: list(options.post_sql),
    tableKeys: {
      primary: list(options.table_keys?.primary),
      unique: list(options.table_keys?.unique),
      index: list(options.table_keys?.index),
      primaryColumns: namedByRule(rules, (rule) => rule.primaryKey),
      uniqueColumns: namedByRule(rules, (rule) => rule.unique),
      indexedColumns: namedByRule(rules, (rule) => rule.index),
      named: namedIndexes(rules),
    },
    file: pick(options, fileTargetOptions),
  };
}

/** Columns that name the same index share it, in their order. */
function namedIndexes(rules: StreamConfig['rules']): TargetOptions['tableKeys']['named'] {
  const indexes = new Map<string, { unique: boolean; columns: string[] }>();
  for (const [column, rule] of Object.entries(rules)) {
    for (const { name, unique } of rule.named) {
      const index = indexes.get(name) ?? { unique, columns: [] };
      index.columns.push(column);
      indexes.set(name, index);
    }
  }
  return [...indexes].map(([name, index]) => ({ name, ...index }));
}

/** The columns of which a rule holds. */
export function namedByRule(
  rules: StreamConfig['rules'],
  holds: (rule: ColumnRule) => boolean,
): readonly string[] {
  return Object.entries(rules).flatMap(([name, rule]) => (holds(rule) ? [name] : []));
}
