import { readableIssues } from '../../config/zod-issues.ts';
import { ConfigError, ProjectError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';
import { streamSchema, type StreamYaml } from './schema.ts';
import { checkMode } from './stream-mode.ts';
import { unsupportedStreamKeys } from './unsupported.ts';

/** Where errors and the ledger say that something was written that is in no file. */
export const commandLine: Origin = { file: 'command line' };

/**
 * Keys of a stream that were given on the command line.
 * @throws ConfigError or ProjectError
 */
export function commandLineKeys(written: Readonly<Record<string, unknown>>): StreamYaml {
  const { mode } = written;
  if (typeof mode === 'string') checkMode(mode, commandLine);
  const unbuilt = unsupportedStreamKeys(written, [], () => commandLine);
  if (unbuilt.length > 0) throw new ProjectError(unbuilt);
  const parsed = streamSchema.safeParse(written);
  if (parsed.success) return parsed.data;
  throw new ConfigError(readableIssues(parsed.error, streamSchema), {
    code: 'invalid_value',
    origin: commandLine,
    next: 'See: millrace run --help',
  });
}
