import { pathOfUrl } from './file-paths.ts';

/** What messages call it. */
export const standardInput = 'standard input';

/** True for `-`, `file://-`, `stdin`, `/dev/stdin` and their like: standard input or output instead of a file. */
export function isStandardStream(name: string): boolean {
  return ['-', '/dev/stdin', '/dev/stdout'].includes(pathOfUrl(name)) || /^std(in|out):\/\/$/.test(name);
}
