import { ConfigError } from '../core/errors.ts';

/**
 * The text of one of the user's files, without a byte order mark.
 * @param file relative to the project, for the error
 * @throws ConfigError at the first line that is not UTF-8
 */
export function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const readable = new TextDecoder().decode(bytes);
    const line = readable.slice(0, readable.indexOf('\uFFFD')).split('\n').length;
    throw new ConfigError('the text is not UTF-8', {
      code: 'text_not_utf8',
      origin: { file, line },
      next: 'Save the file as UTF-8',
    });
  }
}
