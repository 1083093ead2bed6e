import { nearest } from '../../core/near-name.ts';
import { ConfigError } from '../../core/errors.ts';
import { matchesGlob } from './glob.ts';
import type { Replication, StreamConfig } from './replication.ts';

/**
 * The replication with only those streams that are asked for, as by `--streams`: names, ids, globs,
 * `tag:x`, and `-tag:x` or `-name` to leave out. No patterns: all streams.
 * @throws ConfigError code `stream_missing` when a pattern fits no stream
 */
export function selectStreams(replication: Replication, patterns: readonly string[]): Replication {
  const include = patterns.filter((pattern) => !pattern.startsWith('-'));
  const exclude = patterns.filter((pattern) => pattern.startsWith('-')).map((pattern) => pattern.slice(1));
  for (const pattern of include) requireMatch(replication, pattern);
  return {
    ...replication,
    streams: replication.streams.filter(
      (stream) =>
        (include.length === 0 || include.some((pattern) => fits(stream, pattern))) &&
        !exclude.some((pattern) => fits(stream, pattern)),
    ),
  };
}

function fits(stream: StreamConfig, pattern: string): boolean {
  if (pattern.startsWith('tag:')) return stream.tags.includes(pattern.slice(4));
  return (
    stream.name === pattern ||
    stream.id === pattern ||
    matchesGlob(pattern, stream.name) ||
    (stream.id !== undefined && matchesGlob(pattern, stream.id))
  );
}

function requireMatch(replication: Replication, pattern: string): void {
  if (replication.streams.some((stream) => fits(stream, pattern))) return;
  const names = replication.streams.map((stream) => stream.name);
  const near = nearest(pattern, names);
  throw new ConfigError(
    `no stream of ${replication.file} fits '${pattern}'${near ? `, did you mean '${near}'?` : ''}`,
    { code: 'stream_missing', origin: { file: replication.file }, next: `Streams: ${names.join(', ')}` },
  );
}
