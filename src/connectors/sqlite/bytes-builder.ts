import { maxBatchRows } from '../../connector/column-batch.ts';
import type { ColumnBuilder, StoredValue } from './stored-value.ts';

const encoder = new TextEncoder();
/** A UTF-16 unit takes at most three bytes of UTF-8. */
const maxBytesPerUnit = 3;

/** Collects values of changing length one after another in a growing buffer. */
export function bytesBuilder(
  read: (value: StoredValue) => StoredValue | undefined,
  misfit: string,
): ColumnBuilder {
  let data = new Uint8Array(16 * 1024);
  let used = 0;
  const starts = new Uint32Array(maxBatchRows);
  const ends = new Uint32Array(maxBatchRows);

  function reserve(bytes: number): void {
    if (used + bytes <= data.length) return;
    const grown = new Uint8Array(Math.max(data.length * 2, used + bytes));
    grown.set(data.subarray(0, used));
    data = grown;
  }

  return {
    put: (row, value) => {
      const content = read(value);
      if (content === undefined || content === null) return misfit;
      starts[row] = used;
      if (content instanceof Uint8Array) {
        reserve(content.length);
        data.set(content, used);
        used += content.length;
      } else {
        const text = String(content);
        reserve(text.length * maxBytesPerUnit);
        used += encoder.encodeInto(text, data.subarray(used)).written;
      }
      ends[row] = used;
      return undefined;
    },
    finish: (validity) => ({
      kind: 'bytes',
      data: data.subarray(0, used),
      starts,
      ends,
      ...(validity && { validity }),
    }),
  };
}
