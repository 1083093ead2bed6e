import type { BytesVector } from '../../connector/column-batch.ts';
import type { StoredRow, StoredValue } from './stored-value.ts';
import { Misfit, noteNull } from './stored-value.ts';

/** Texts of one column, written one after another. `read` gives undefined for what does not fit. */
export function textVector(
  rows: readonly StoredRow[],
  at: number,
  read: (value: Exclude<StoredValue, null>) => string | undefined,
  misfit: string,
): BytesVector {
  const texts: string[] = [];
  const lengths = new Uint32Array(rows.length);
  let units = 0;
  let validity: Uint8Array | undefined;
  for (let row = 0; row < rows.length; row += 1) {
    const value = rows[row]?.[at] ?? null;
    if (value === null) {
      validity = noteNull(validity, rows.length, row);
      continue;
    }
    const text = read(value);
    if (text === undefined) throw new Misfit(row, misfit);
    texts.push(text);
    lengths[row] = text.length;
    units += text.length;
  }
  const data = Buffer.from(texts.join(''));
  // Letters outside ASCII take more bytes than UTF-16 units, or as many and then are never alone in it.
  if (data.length !== units) measureBytes(rows, validity, lengths, texts);
  return { kind: 'bytes', data, ...places(lengths), ...(validity && { validity }) };
}

function measureBytes(
  rows: readonly StoredRow[],
  validity: Uint8Array | undefined,
  lengths: Uint32Array,
  texts: readonly string[],
): void {
  for (let row = 0, next = 0; row < rows.length; row += 1) {
    if (validity && validity[row] === 0) continue;
    lengths[row] = Buffer.byteLength(texts[next] ?? '');
    next += 1;
  }
}

/** Blobs of one column, copied one after another. */
export function blobVector(rows: readonly StoredRow[], at: number): BytesVector {
  const blobs: Uint8Array[] = [];
  const lengths = new Uint32Array(rows.length);
  let validity: Uint8Array | undefined;
  for (let row = 0; row < rows.length; row += 1) {
    const value = rows[row]?.[at] ?? null;
    if (value === null) {
      validity = noteNull(validity, rows.length, row);
      continue;
    }
    if (!(value instanceof Uint8Array)) throw new Misfit(row, 'is not a BLOB');
    blobs.push(value);
    lengths[row] = value.length;
  }
  return { kind: 'bytes', data: Buffer.concat(blobs), ...places(lengths), ...(validity && { validity }) };
}

function places(lengths: Uint32Array): Pick<BytesVector, 'starts' | 'ends'> {
  const bounds = new Uint32Array(lengths.length + 1);
  let end = 0;
  for (let row = 0; row < lengths.length; row += 1) {
    end += lengths[row] as number;
    bounds[row + 1] = end;
  }
  return { starts: bounds.subarray(0, lengths.length), ends: bounds.subarray(1) };
}
