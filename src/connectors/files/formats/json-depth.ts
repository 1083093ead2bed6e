import { brokenFile } from './broken-file.ts';

/** DuckDB's reader of JSON goes down by recursion, and takes the process with it where there is no more stack. */
const mostLevels = 1000;

const quote = 0x22;
const backslash = 0x5c;

/**
 * Lets text of JSON pass until objects and lists within each other are too many.
 * @throws DataError code `file_broken`
 */
export async function* limitDepth(pieces: AsyncIterable<string>, place: string): AsyncGenerator<string> {
  let depth = 0;
  let isText = false;
  let isEscaped = false;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; at += 1) {
      const letter = piece.charCodeAt(at);
      if (isEscaped) isEscaped = false;
      else if (isText) {
        if (letter === quote) isText = false;
        else isEscaped = letter === backslash;
      } else if (letter === quote) isText = true;
      else if (letter === 0x5b || letter === 0x7b) depth += 1;
      else if (letter === 0x5d || letter === 0x7d) depth -= 1;
      if (depth > mostLevels) throw brokenFile(place, `objects and lists are more than ${mostLevels} deep`);
    }
    yield piece;
  }
}
