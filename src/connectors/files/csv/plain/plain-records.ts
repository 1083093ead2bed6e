import { open } from 'node:fs/promises';
import { notPlain, type RecordForm, RecordScanner } from './record-scanner.ts';
import { anyText, type ValuePattern } from './value-pattern.ts';

/** Files of UTF-8 that are CSV by the book, as far as was seen. */
export interface PlainCsv {
  readonly form: RecordForm;
  /** The first record of each file is no row. */
  readonly header: boolean;
  /** What the values of each column look like. */
  readonly patterns: readonly ValuePattern[];
}

/** CSV that another system may read by itself; or why it may not. */
export type PlainText = PlainCsv | { readonly reason: string };

const pieceBytes = 256 * 1024;
const byteOrderMark = [0xef, 0xbb, 0xbf];
const newline = Buffer.from('\n');

/**
 * The records of the files without their headers, each ended, held to the patterns as they pass.
 * @param onRecords is told how many there were so far
 * @throws DataError for what has to be read in another way
 */
export async function* plainRecords(
  paths: readonly string[],
  { form, header, patterns }: PlainCsv,
  onRecords: (count: number) => void,
): AsyncGenerator<Buffer> {
  const scanner = new RecordScanner(patterns, form);
  for (const path of paths) {
    const rest = header
      ? new RecordScanner(
          patterns.map(() => anyText),
          form,
        )
      : undefined;
    let isFirst = true;
    for await (const piece of pieces(path)) {
      let start = isFirst && byteOrderMark.every((byte, index) => piece[index] === byte) ? 3 : 0;
      isFirst = false;
      if (rest?.records === 0) start = rest.scan(piece, start, 1);
      if (start === piece.length) continue;
      scanner.scan(piece, start);
      onRecords(scanner.records);
      yield start === 0 ? piece : piece.subarray(start);
    }
    if (rest?.records === 0 && !rest.isBetweenRecords) rest.scan(newline, 0);
    if (scanner.isBetweenRecords) continue;
    scanner.scan(newline, 0);
    if (!scanner.isBetweenRecords) throw notPlain(scanner.records);
    onRecords(scanner.records);
    yield newline;
  }
}

/** Each piece has memory of its own: who takes it may still hold it when the next one is read. */
async function* pieces(path: string): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    for (;;) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(pieceBytes), 0, pieceBytes);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
