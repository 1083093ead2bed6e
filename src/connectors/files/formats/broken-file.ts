import { DataError } from '../../../core/errors.ts';

/** A file that is not what it should be. The place is a file, and where in it as far as that is known. */
export function brokenFile(place: string, reason: string, next: string = 'Write the file again.'): DataError {
  return new DataError(`${place}: ${reason}.`, {
    code: 'file_broken',
    state: 'Nothing was published.',
    next,
  });
}
