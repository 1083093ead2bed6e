import { formatError, MillraceError, toFailure } from '../../core/errors.ts';
import { paint, printJson } from './output.ts';

/** Says what went wrong: as JSON on standard output, or in words, which `reword` may change, on standard error. */
export function printError(
  error: unknown,
  asJson: boolean,
  reword: (text: string) => string = (text) => text,
): void {
  if (asJson) printJson({ error: toFailure(error) });
  else if (error instanceof MillraceError)
    process.stderr.write(`${paint('red', 'error', process.stderr)} ${reword(formatError(error))}\n`);
  else process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
}
