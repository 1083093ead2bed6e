import { isColumnList, type ColumnsYaml, type StreamYaml } from './schema.ts';

/**
 * A stream with its defaults: a key that is present on the stream wins, option blocks merge key by key,
 * hooks come from the defaults only when the stream has none, columns replace unless written `+name`.
 */
export function inherit(defaults: StreamYaml, stream: StreamYaml): StreamYaml {
  const { columns: defaultColumns, ...otherDefaults } = defaults;
  const { columns, ...own } = stream;
  const merged = mergeColumns(defaultColumns, columns);
  return {
    ...otherDefaults,
    ...own,
    ...mergeBlock('source_options', defaults, stream),
    ...mergeBlock('target_options', defaults, stream),
    ...mergeBlock('change_capture_options', defaults, stream),
    ...(merged === undefined ? {} : { columns: merged }),
  };
}

type OptionBlock = 'source_options' | 'target_options' | 'change_capture_options';

function mergeBlock(key: OptionBlock, defaults: StreamYaml, stream: StreamYaml): StreamYaml {
  if (defaults[key] === undefined && stream[key] === undefined) return {};
  return { [key]: { ...defaults[key], ...stream[key] } };
}

function mergeColumns(
  defaults: ColumnsYaml | undefined,
  own: ColumnsYaml | undefined,
): ColumnsYaml | undefined {
  if (own === undefined || isColumnList(own)) return own ?? defaults;
  const additions = Object.keys(own).some((name) => name.startsWith('+'));
  const merged: Record<string, string | null> =
    additions && defaults && !isColumnList(defaults) ? { ...defaults } : {};
  for (const [name, type] of Object.entries(own)) {
    const bare = name.startsWith('+') ? name.slice(1) : name;
    if (type === null) delete merged[bare];
    else merged[bare] = type;
  }
  return merged;
}
