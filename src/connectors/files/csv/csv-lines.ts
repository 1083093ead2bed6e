import { DataError } from '../../../core/errors.ts';

/** What divides CSV: single ASCII letters. */
export interface CsvLetters {
  readonly delimiter: string;
  readonly quote: string;
  /** What a quote within quotes has before it; the quote itself, or another letter. */
  readonly escape: string;
}

export type LineEnd = 'LF' | 'CRLF' | 'CR';

/** What was seen of the lines of a file. */
export interface LineSurvey {
  /** How records end. */
  readonly ends: Set<LineEnd>;
  longestRecordBytes: number;
}

export function newSurvey(): LineSurvey {
  return { ends: new Set(), longestRecordBytes: 0 };
}

const newline = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;

/** Where in a record one is. */
const fieldStart = 0;
const bare = 1;
const quoted = 2;
/** Behind a letter within quotes that escapes the next one. */
const escaped = 3;
/** Behind a quote within quotes that ends them, unless another one follows. */
const quoteSeen = 4;
const closed = 5;

/**
 * The bytes of a CSV file with LF at the end of each record; what stands in quotes stays as it is.
 * @param skipLines lines before the first record, which may be written in any way; their quotes become blanks
 * @param survey is told what was seen
 * @throws DataError code `file_broken_row` with the line: text behind a closing quote, a quote that stays open, a
 *   carriage return by itself where lines end otherwise
 */
export async function* evenLines(
  bytes: AsyncIterable<Uint8Array>,
  letters: CsvLetters,
  skipLines: number,
  place: string,
  survey: LineSurvey = newSurvey(),
): AsyncGenerator<Uint8Array> {
  const [delimiter, quote, escape] = [letters.delimiter, letters.quote, letters.escape].map((letter) =>
    letter.charCodeAt(0),
  );
  let state = fieldStart;
  let line = 1;
  let quoteLine = 1;
  let loneReturnLine = 0;
  let recordBytes = 0;
  let isBehindReturn = false;

  const endRecord = (end: LineEnd): void => {
    survey.ends.add(end);
    survey.longestRecordBytes = Math.max(survey.longestRecordBytes, recordBytes);
    recordBytes = 0;
    state = fieldStart;
    if (end === 'CR') loneReturnLine ||= line;
    line += 1;
  };

  /** The state behind a byte that ends no record. */
  const next = (byte: number): number => {
    switch (state) {
      case quoted:
        if (byte === newline) line += 1;
        if (byte === quote) return quoteSeen;
        return byte === escape ? escaped : quoted;
      case escaped:
        return quoted;
      case bare:
        return byte === delimiter ? fieldStart : bare;
      case fieldStart:
        if (byte === delimiter || byte === space) return fieldStart;
        if (byte !== quote) return bare;
        quoteLine = line;
        return quoted;
      default:
        if (byte === delimiter) return fieldStart;
        if (byte === quote && state === quoteSeen && quote === escape) return quoted;
        if (byte === space) return closed;
        throw broken(place, line, 'a field goes on behind its closing quote');
    }
  };

  for await (const piece of bytes) {
    let from = 0;
    for (let at = 0; at < piece.length; at += 1) {
      const byte = piece[at] as number;
      const isOutside = state !== quoted && state !== escaped;
      if (isBehindReturn) {
        isBehindReturn = false;
        if (byte === newline) {
          endRecord('CRLF');
          continue;
        }
        endRecord('CR');
        yield newlineBytes;
      }
      recordBytes += 1;
      if (byte === newline && isOutside) endRecord('LF');
      else if (byte === carriageReturn && isOutside) {
        isBehindReturn = true;
        yield piece.subarray(from, at);
        from = at + 1;
      } else if (line > skipLines) state = next(byte);
      else if (byte === quote) {
        yield piece.subarray(from, at);
        yield blank;
        from = at + 1;
      }
    }
    survey.longestRecordBytes = Math.max(survey.longestRecordBytes, recordBytes);
    yield piece.subarray(from);
  }
  if (isBehindReturn) {
    endRecord('CR');
    yield newlineBytes;
  }
  if (state === quoted || state === escaped)
    throw broken(place, quoteLine, 'a quote is opened and never closed');
  survey.longestRecordBytes = Math.max(survey.longestRecordBytes, recordBytes);
  if (survey.ends.has('CR') && survey.ends.size > 1)
    throw broken(
      place,
      loneReturnLine,
      'a carriage return stands by itself, where other lines end in a line feed',
    );
}

const newlineBytes: Uint8Array = Buffer.from('\n');
const blank: Uint8Array = Buffer.from(' ');

function broken(place: string, line: number, reason: string): DataError {
  return new DataError(`${place}, line ${line}: ${reason}.`, {
    code: 'file_broken_row',
    state: 'Nothing was published.',
    next: 'Correct the row, or quote and escape under source_options; what holds quotes or line ends stands in quotes.',
  });
}
