import { readFileSync } from 'node:fs';
import { ConfigError } from '../core/errors.ts';

/**
 * A certificate or key that a connection names.
 * @param key the connection's key that holds the path, for the message
 * @throws ConfigError code `certificate_missing`
 */
export function readPem(connection: string, key: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new ConfigError(`Connection ${connection}: ${key} names ${path}, which cannot be read.`, {
      code: 'certificate_missing',
      next: `Correct ${key} of ${connection}.`,
    });
  }
}
