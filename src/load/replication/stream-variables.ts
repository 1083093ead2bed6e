import type { TableName } from '../../sql/dialect.ts';
import { parseTableName } from './stream-name.ts';
import type { TemplateValues } from './template.ts';

/** The systems at both ends, as far as names go. */
export interface Ends {
  readonly source: End;
  readonly target: End;
}

export interface End {
  readonly name: string;
  /** Connector type, such as `postgres`. */
  readonly type: string;
  /** Where tables without a schema live; absent for files. */
  readonly defaultSchema?: string;
}

/** What templates may say about one stream. */
export function streamVariables(
  streamName: string,
  ends: Ends,
  env: Readonly<Record<string, string>>,
): TemplateValues {
  const isFile = ends.source.defaultSchema === undefined;
  return {
    source_name: ends.source.name,
    source_type: ends.source.type,
    source_kind: isFile ? 'file' : 'database',
    target_name: ends.target.name,
    target_type: ends.target.type,
    target_kind: ends.target.defaultSchema === undefined ? 'file' : 'database',
    ...(ends.target.defaultSchema === undefined ? {} : { target_schema: ends.target.defaultSchema }),
    stream_name: streamName,
    stream_full_name: streamName,
    ...(isFile
      ? fileVariables(streamName, ends.target.defaultSchema !== undefined)
      : tableVariables(streamName, ends.source.defaultSchema ?? '')),
    ...Object.fromEntries(
      Object.entries(env).flatMap(([key, value]) => [
        [key, value],
        [`env.${key}`, value],
      ]),
    ),
  };
}

function tableVariables(streamName: string, defaultSchema: string): TemplateValues {
  const { schema, name } = parseTableName(streamName, defaultSchema);
  return {
    stream_schema: schema,
    stream_schema_lower: schema.toLowerCase(),
    stream_schema_upper: schema.toUpperCase(),
    stream_table: name,
    stream_table_lower: name.toLowerCase(),
    stream_table_upper: name.toUpperCase(),
  };
}

/** @param namesTables what they are put into names a table, in which a dot or slash would mean something */
function fileVariables(streamName: string, namesTables: boolean): TemplateValues {
  const clean = (part: string): string => (namesTables ? part.replace(/[^\p{L}\p{N}_*?{}]+/gu, '_') : part);
  const path = streamName.replace(/^file:\/\//, '');
  const segments = path.split('/');
  const base = segments.at(-1) ?? '';
  const [, stem = base, type = '', packed = ''] =
    /^(.+?)(?:\.([^.]+))((?:\.(?:gz|zst|zip|snappy))?)$/.exec(base) ?? [];
  return {
    stream_file_path: path,
    stream_file_folder: clean(segments.at(-2) ?? ''),
    stream_file_name: clean(stem),
    stream_file_ext: `${type}${packed.replace('.', '_')}`,
  };
}

/** What queries and conditions may say about the table or file that they fill. */
export function objectVariables({ schema, name }: TableName): TemplateValues {
  return {
    object_name: name,
    object_table: name,
    object_schema: schema,
    object_full_name: schema === '' ? name : `${schema}.${name}`,
  };
}
