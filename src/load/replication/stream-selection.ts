import { nearest } from '../../core/near-name.ts';
import { ConfigError } from '../../core/errors.ts';
import { isWildcard, matchesGlob } from './glob.ts';
import type { Replication, StreamConfig } from './replication.ts';

/**
 * The replication with only those streams that are asked for, as by `--streams`: names, ids, globs,
 * `tag:x`, and `-tag:x` or `-name` to leave out. No patterns: all streams. What is not written but is one
 * of the streams of a wildcard is taken, or left, out of that.
 * @throws ConfigError code `stream_missing` when a pattern fits no stream
 */
export function selectStreams(replication: Replication, patterns: readonly string[]): Replication {
  const include = patterns.filter((pattern) => !pattern.startsWith('-'));
  const exclude = patterns.filter((pattern) => pattern.startsWith('-')).map((pattern) => pattern.slice(1));
  const taken = include.flatMap((pattern) => streamsOf(replication, pattern));
  const asked = include.length === 0 ? replication.streams : inOrder(replication, taken);
  const kept = asked.filter((stream) => !exclude.some((pattern) => fits(stream, pattern)));
  const others = replication.streams.filter((stream) => !kept.includes(stream));
  const unwritten = exclude.filter((pattern) => others.every(({ name }) => name !== pattern));
  return {
    ...replication,
    streams: [...kept, ...unwritten.flatMap((pattern) => without(kept, pattern)), ...keptOut(others, kept)],
  };
}

function streamsOf(replication: Replication, pattern: string): readonly StreamConfig[] {
  const written = replication.streams.filter((stream) => fits(stream, pattern));
  const found =
    written.length > 0 ? written : replication.streams.flatMap((stream) => within(stream, pattern));
  if (found.length > 0) return found;
  throw streamMissing(replication, pattern);
}

/** Those that are written in the order of the file, then those of wildcards. */
function inOrder(replication: Replication, taken: readonly StreamConfig[]): readonly StreamConfig[] {
  const wanted = new Set(taken);
  return [
    ...replication.streams.filter((stream) => wanted.has(stream)),
    ...[...wanted].filter((stream) => !replication.streams.includes(stream)),
  ];
}

/** The stream, or narrower wildcard, that a wildcard holds. */
function within(stream: StreamConfig, pattern: string): readonly StreamConfig[] {
  if (!isWildcard(stream.name) || pattern.startsWith('tag:') || !matchesGlob(stream.name, pattern)) return [];
  const { id: _, ...rest } = stream;
  return [{ ...rest, name: pattern }];
}

/** What keeps the streams of a pattern out of the wildcards that are kept. */
function without(kept: readonly StreamConfig[], pattern: string): readonly StreamConfig[] {
  const [stream] = kept.flatMap((candidate) => within(candidate, pattern));
  return stream ? [{ ...stream, disabled: true }] : [];
}

/** Streams that go their own way stay out of wildcards, also when they are not asked for. */
function keptOut(others: readonly StreamConfig[], kept: readonly StreamConfig[]): readonly StreamConfig[] {
  return others
    .filter((other) => kept.some((stream) => within(stream, other.name).length > 0))
    .map((other) => ({ ...other, disabled: true }));
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

function streamMissing(replication: Replication, pattern: string): ConfigError {
  const names = replication.streams.map((stream) => stream.name);
  const near = nearest(pattern, names);
  return new ConfigError(
    `no stream of ${replication.file} fits '${pattern}'${near ? `, did you mean '${near}'?` : ''}`,
    { code: 'stream_missing', origin: { file: replication.file }, next: `Streams: ${names.join(', ')}` },
  );
}
