import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';
import type { ColumnsYaml, StreamYaml } from './schema.ts';

/**
 * A stream whose `source_options.columns` and `source_options.transforms`, as older files have them, are
 * moved to where they belong.
 * @throws ConfigError code `key_moved` when the stream says both
 */
export function withLegacyOptions(stream: StreamYaml, originOf: (key: string) => Origin): StreamYaml {
  const { columns, transforms } = stream.source_options ?? {};
  for (const [key, own, old] of [
    ['columns', stream.columns, columns],
    ['transforms', stream.transforms, transforms],
  ] as const) {
    if (own === undefined || old === undefined) continue;
    throw new ConfigError(`${key} are written twice: in the stream, and in its source_options`, {
      code: 'key_moved',
      origin: originOf(key),
      next: `Keep ${key}: of the stream`,
    });
  }
  return {
    ...stream,
    ...(columns === undefined ? {} : { columns: columnsOf(columns, originOf('columns')) }),
    ...(transforms === undefined ? {} : { transforms }),
  };
}

function columnsOf(value: unknown, origin: Origin): ColumnsYaml {
  if (value !== null && typeof value === 'object') return value as ColumnsYaml;
  throw new ConfigError('source_options.columns must be a map or a list of columns', {
    code: 'invalid_value',
    origin,
    next: 'Write columns: { name: type } in the stream',
  });
}
