import { ConfigError } from '../../core/errors.ts';
import { isWildcard } from './glob.ts';
import type { StreamConfig } from './replication.ts';
import type { Ends } from './stream-variables.ts';

/**
 * True if a wildcard stands for one stream of many files instead of many streams: when it says `single`, when it
 * lists its `files`, or when its object has no variable of the stream.
 * @throws ConfigError code `object_ambiguous` for tables, which do not go into one
 */
export function isCollapsed(stream: StreamConfig, ends: Ends): boolean {
  if (!isWildcard(stream.name)) return false;
  if (stream.sourceOptions['files'] !== undefined) return true;
  if (!stream.single && /\{stream[_.]/.test(stream.object)) return false;
  if (ends.source.defaultSchema === undefined) return true;
  throw new ConfigError(`every table of '${stream.name}' would go into '${stream.object}'`, {
    code: 'object_ambiguous',
    origin: stream.objectOrigin,
    next: "Put a variable into object:, such as object: 'raw.{stream_table}', and leave out single:",
  });
}
