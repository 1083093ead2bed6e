import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from '../core/errors.ts';

/**
 * A certificate or key that a connection holds or names.
 * @param key the connection's key that was written so, for the message
 * @param written PEM itself, its line ends also as `\n`; or a path, which begins in the project folder
 * @throws ConfigError code `certificate_missing`
 */
export function readPem(connection: string, key: string, written: string, projectFolder: string): string {
  if (written.includes('-----BEGIN')) return written.replaceAll('\\n', '\n');
  const path = resolve(projectFolder, written);
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new ConfigError(`Connection ${connection}: ${key} names ${path}, which cannot be read.`, {
      code: 'certificate_missing',
      next: `Correct ${key} of ${connection}.`,
    });
  }
}
