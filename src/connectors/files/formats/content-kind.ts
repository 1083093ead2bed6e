import { open } from 'node:fs/promises';

/** What the first bytes of a file say it is; undefined for text and what is not known. */
export type ContentKind = 'zip' | 'gzip' | 'zstd' | 'snappy' | 'parquet' | 'avro' | 'xls';

const marks: readonly (readonly [ContentKind, string])[] = [
  ['zip', '504b0304'],
  ['zip', '504b0506'],
  ['gzip', '1f8b'],
  ['zstd', '28b52ffd'],
  ['snappy', 'ff060000734e61507059'],
  ['parquet', '50415231'],
  ['avro', '4f626a01'],
  ['xls', 'd0cf11e0a1b11ae1'],
];

/** Looks at the first bytes of a file. */
export async function contentKind(path: string): Promise<ContentKind | undefined> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(16), 0, 16, 0);
    const start = buffer.subarray(0, bytesRead).toString('hex');
    return marks.find(([, mark]) => start.startsWith(mark))?.[0];
  } finally {
    await file.close();
  }
}
