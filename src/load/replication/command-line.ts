import { readableIssues } from '../../config/zod-issues.ts';
import { ConfigError, ProjectError } from '../../core/errors.ts';
import { nearest } from '../../core/near-name.ts';
import type { Origin } from '../../core/origin.ts';
import { streamSchema, type StreamYaml } from './schema.ts';
import { loadModes } from './stream-mode.ts';
import { unsupportedStreamKeys } from './unsupported.ts';

/** Where errors and the ledger say that something was written that is in no file. */
export const commandLine: Origin = { file: 'command line' };

/**
 * Keys of a stream that were given on the command line.
 * @throws ConfigError or ProjectError
 */
export function commandLineKeys(written: Readonly<Record<string, unknown>>): StreamYaml {
  const { mode } = written;
  if (typeof mode === 'string') checkMode(mode);
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

function checkMode(mode: string): void {
  const modes: readonly string[] = loadModes;
  if (mode === '' || mode === 'change-capture' || modes.includes(mode)) return;
  const near = nearest(mode, modes);
  throw new ConfigError(`unknown mode '${mode}'${near ? `, did you mean '${near}'?` : ''}`, {
    code: 'invalid_value',
    origin: commandLine,
    next: `Use one of: ${modes.join(', ')}`,
  });
}
