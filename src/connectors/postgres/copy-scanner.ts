import { FatalError, maxBatchRows, type ColumnBatch } from '../../connector/index.ts';
import { messageHeaderBytes, messageType } from './copy-message.ts';
import type { CopyReader, ScanState } from './copy-out.ts';
import type { VectorDecoder } from './copy-vectors.ts';
import { VectorSlab } from '../../connector/vector-slab.ts';

/** A batch is cut before it has this many bytes, unless one row alone is larger. */
const maxBatchBytes = 4 * 1024 * 1024;
const smallestBuffer = 64 * 1024;

/** Wide enough for most columns' vectors; a slab grows when it is not. */
const slabBytesPerValue = 10;

/** Released batches whose memory waits to be filled again. */
const maxFreeMemories = 256;

interface BatchMemory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly slab: VectorSlab;
}

/** `PGCOPY\n\377\r\n\0`, flags, length of the extension. */
const copyHeaderBytes = 19;

/**
 * Reads the server's messages of a COPY ... TO STDOUT (FORMAT binary) in place and cuts them into
 * batches. Relies on the protocol's promise of one CopyData message per row, so that nothing is
 * copied or unwrapped: values are found by position, then decoded column by column.
 */
export class CopyScanner implements CopyReader<ColumnBatch> {
  readonly ready: ColumnBatch[] = [];
  readonly mostReady = 4;
  readonly #decoders: readonly VectorDecoder[];
  readonly #positions: Int32Array;
  readonly #lengths: Int32Array;
  readonly #free: BatchMemory[] = [];
  #slab: VectorSlab;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #filled = 0;
  #at = 0;
  #rows = 0;
  #headerSeen = false;
  #state: ScanState = 'copying';

  constructor(decoders: readonly VectorDecoder[]) {
    this.#decoders = decoders;
    this.#positions = new Int32Array(maxBatchRows * decoders.length);
    this.#lengths = new Int32Array(maxBatchRows * decoders.length);
    this.#slab = this.#newSlab();
    this.#bytes = new Uint8Array(new ArrayBuffer(smallestBuffer));
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** Takes what came from the socket. After `done` or `error`, `rest` belongs to others. */
  push(chunk: Uint8Array): ScanState {
    if (this.#filled + chunk.length > this.#bytes.length) this.#grow(chunk.length);
    this.#bytes.set(chunk, this.#filled);
    this.#filled += chunk.length;
    this.#scan();
    return this.#state;
  }

  /** Bytes after the last message read: after CopyDone, or from the error message on. */
  rest(): Buffer {
    return Buffer.from(this.#bytes.slice(this.#at, this.#filled).buffer);
  }

  #scan(): void {
    while (this.#state === 'copying' && this.#filled - this.#at >= messageHeaderBytes) {
      const type = this.#bytes[this.#at] as number;
      if (type === messageType.error) {
        this.#state = 'error';
        return;
      }
      const end = this.#at + 1 + this.#view.getInt32(this.#at + 1);
      if (end > this.#filled) return;
      if (type === messageType.copyData) this.#readRow(this.#at + messageHeaderBytes, end);
      this.#at = end;
      if (type === messageType.copyDone) {
        this.#flush();
        this.#state = 'done';
      } else if (this.#rows === maxBatchRows || this.#at > maxBatchBytes) {
        this.#flush();
      }
    }
  }

  #readRow(start: number, end: number): void {
    let at = start;
    if (!this.#headerSeen) {
      at += copyHeaderBytes + this.#view.getInt32(at + copyHeaderBytes - 4);
      this.#headerSeen = true;
      if (at === end) return;
    }
    const view = this.#view;
    const fields = view.getInt16(at);
    at += 2;
    if (fields === -1) return;
    const stride = this.#decoders.length;
    if (fields !== stride) throw brokenRow(`${fields} values in a row of ${stride} columns`);
    const positions = this.#positions;
    const lengths = this.#lengths;
    let slot = this.#rows * stride;
    for (const slotEnd = slot + stride; slot < slotEnd; slot += 1) {
      const length = view.getInt32(at);
      at += 4;
      positions[slot] = at;
      lengths[slot] = length;
      if (length > 0) at += length;
    }
    if (at !== end) throw brokenRow('a message that is not one row');
    this.#rows += 1;
  }

  /** Hands over the rows read so far together with their buffer, and goes on in a new one. */
  #flush(): void {
    if (this.#rows === 0) return;
    const memory = { bytes: this.#bytes, slab: this.#slab };
    const map = {
      bytes: this.#bytes.subarray(0, this.#at),
      view: this.#view,
      rowCount: this.#rows,
      stride: this.#decoders.length,
      positions: this.#positions,
      lengths: this.#lengths,
      slab: this.#slab,
    };
    const vectors = this.#decoders.map((decode, column) => decode(map, column));
    const release = (): void => {
      if (this.#free.length < maxFreeMemories) this.#free.push(memory);
    };
    const batch = { rowCount: this.#rows, vectors, release };
    this.#rows = 0;
    this.#startNext();
    this.ready.push(batch);
  }

  /** Goes on in memory of a released batch, or in new memory as large as the last batch needed. */
  #startNext(): void {
    const rest = this.#bytes.subarray(this.#at, this.#filled);
    const reused = this.#free.pop();
    const size = Math.max(this.#at + Math.ceil(this.#at / 8) + smallestBuffer, rest.length);
    const bytes =
      reused && reused.bytes.length >= rest.length ? reused.bytes : new Uint8Array(new ArrayBuffer(size));
    this.#slab = reused?.slab ?? this.#newSlab();
    this.#slab.reset();
    this.#moveTo(bytes, rest);
  }

  #newSlab(): VectorSlab {
    return new VectorSlab(slabBytesPerValue * maxBatchRows * this.#decoders.length);
  }

  #grow(more: number): void {
    if (this.#rows === 0 && this.#at > 0) {
      const rest = this.#bytes.subarray(this.#at, this.#filled);
      this.#moveTo(new Uint8Array(new ArrayBuffer(Math.max(this.#bytes.length, rest.length + more))), rest);
    } else this.#extend(Math.max(this.#bytes.length * 2, this.#filled + more));
  }

  #extend(size: number): void {
    const bytes = new Uint8Array(new ArrayBuffer(size));
    bytes.set(this.#bytes.subarray(0, this.#filled));
    this.#adopt(bytes);
  }

  #moveTo(bytes: Uint8Array<ArrayBuffer>, rest: Uint8Array): void {
    bytes.set(rest);
    this.#adopt(bytes);
    this.#filled = rest.length;
    this.#at = 0;
  }

  #adopt(bytes: Uint8Array<ArrayBuffer>): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

function brokenRow(what: string): FatalError {
  return new FatalError(`The server sent ${what} while copying, which is not PostgreSQL's protocol.`, {
    code: 'copy_protocol',
    next: 'Connect to PostgreSQL directly instead of through a proxy that rewrites messages.',
  });
}
