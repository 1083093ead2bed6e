import { readFile } from 'node:fs/promises';
import { ConfigError } from '../../core/errors.ts';

/** @throws ConfigError code `file_unreadable` */
export async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`${file} cannot be read (${error.code})`, {
      code: 'file_unreadable',
      origin: { file },
    });
  });
}
