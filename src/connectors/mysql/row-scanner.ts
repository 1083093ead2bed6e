import { FatalError, maxBatchRows, VectorSlab, type ColumnBatch } from '../../connector/index.ts';
import type { VectorDecoder } from './row-vectors.ts';

/** A batch is cut before it has this many bytes, unless one row alone is larger. */
const maxBatchBytes = 4 * 1024 * 1024;
const smallestBuffer = 64 * 1024;

/** Wide enough for most columns' vectors; a slab grows when it is not. */
const slabBytesPerValue = 10;

/** Released batches whose memory waits to be filled again. */
const maxFreeMemories = 256;

/** Length (3 bytes, little-endian) and sequence number of a packet. */
const headerBytes = 4;

/** A packet of this length goes on in the next one. */
const fullPacketBytes = 0xff_ffff;

/** An EOF packet is shorter than any row that begins with the same byte. */
const eofPacketBytes = 9;

/** First bytes of packets and values. */
const first = { null: 0xfb, int16: 0xfc, int24: 0xfd, int64: 0xfe, eof: 0xfe, error: 0xff };

interface BatchMemory {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly slab: VectorSlab;
}

export type ScanState = 'head' | 'columns' | 'rows' | 'done';

/**
 * Reads the server's packets of one text result in place and cuts them into batches: values are found by
 * position, then decoded column by column. It stops before the packet that ends the result, or is an error.
 */
export class RowScanner {
  readonly #decoders: readonly VectorDecoder[];
  readonly #emit: (batch: ColumnBatch) => void;
  readonly #positions: Int32Array;
  readonly #lengths: Int32Array;
  readonly #free: BatchMemory[] = [];
  #slab: VectorSlab;
  #bytes: Uint8Array<ArrayBuffer>;
  #filled = 0;
  #at = 0;
  #rows = 0;
  #columnsLeft = 0;
  #state: ScanState = 'head';

  constructor(decoders: readonly VectorDecoder[], emit: (batch: ColumnBatch) => void) {
    this.#decoders = decoders;
    this.#emit = emit;
    this.#positions = new Int32Array(maxBatchRows * decoders.length);
    this.#lengths = new Int32Array(maxBatchRows * decoders.length);
    this.#slab = this.#newSlab();
    this.#bytes = new Uint8Array(new ArrayBuffer(smallestBuffer));
  }

  /** Takes what came from the socket. After `done`, `rest` belongs to others. */
  push(chunk: Uint8Array): ScanState {
    if (this.#filled + chunk.length > this.#bytes.length) this.#grow(chunk.length);
    this.#bytes.set(chunk, this.#filled);
    this.#filled += chunk.length;
    this.#scan();
    return this.#state;
  }

  /** The packet that ended the result, and what came after it. */
  rest(): Buffer {
    return Buffer.from(this.#bytes.slice(this.#at, this.#filled).buffer);
  }

  #scan(): void {
    const scratch = { end: 0, next: 0 };
    while (this.#state !== 'done' && this.#filled - this.#at >= headerBytes) {
      const start = this.#at + headerBytes;
      const length = this.#packetLength(this.#at);
      scratch.end = start + length;
      scratch.next = scratch.end;
      if (length === fullPacketBytes ? !this.#joinPackets(scratch) : scratch.end > this.#filled) return;
      if (this.#endsResult(start, length)) {
        this.#flush();
        this.#state = 'done';
        return;
      }
      this.#readPacket(start, scratch.end);
      this.#at = scratch.next;
      if (this.#rows === maxBatchRows || this.#at > maxBatchBytes) this.#flush();
    }
  }

  #packetLength(at: number): number {
    const bytes = this.#bytes;
    return (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
  }

  /** An error anywhere; no columns at all; the end of the rows. */
  #endsResult(start: number, length: number): boolean {
    const byte = this.#bytes[start];
    if (byte === first.error) return true;
    if (this.#state === 'head') return byte === 0;
    return this.#state === 'rows' && byte === first.eof && length < eofPacketBytes;
  }

  #readPacket(start: number, end: number): void {
    switch (this.#state) {
      case 'rows':
        return this.#readRow(start, end);
      case 'head':
        this.#columnsLeft = this.#bytes[start] as number;
        if (this.#columnsLeft === first.int16)
          this.#columnsLeft = (this.#bytes[start + 1] as number) | ((this.#bytes[start + 2] as number) << 8);
        if (this.#columnsLeft !== this.#decoders.length)
          throw brokenResult(`${this.#columnsLeft} columns instead of ${this.#decoders.length}`);
        this.#state = 'columns';
        return;
      case 'columns':
        // The definitions are known; an EOF packet follows the last of them.
        if (this.#columnsLeft === 0) this.#state = 'rows';
        this.#columnsLeft -= 1;
        return;
      case 'done':
    }
  }

  #readRow(start: number, end: number): void {
    const bytes = this.#bytes;
    const positions = this.#positions;
    const lengths = this.#lengths;
    const stride = this.#decoders.length;
    let at = start;
    let slot = this.#rows * stride;
    for (const slotEnd = slot + stride; slot < slotEnd; slot += 1) {
      let length = bytes[at] as number;
      at += 1;
      if (length >= first.null) {
        if (length === first.null) {
          lengths[slot] = -1;
          positions[slot] = at;
          continue;
        }
        const width = length === first.int16 ? 2 : length === first.int24 ? 3 : 8;
        length = this.#littleEndian(at, width);
        at += width;
      }
      positions[slot] = at;
      lengths[slot] = length;
      at += length;
    }
    if (at !== end) throw brokenResult(`a row that does not have ${stride} values`);
    this.#rows += 1;
  }

  #littleEndian(at: number, width: number): number {
    let value = 0;
    for (let index = width - 1; index >= 0; index -= 1)
      value = value * 256 + (this.#bytes[at + index] as number);
    return value;
  }

  /** Moves the parts of a row of 16 MB and more together, once all of them are here; false when they are not. */
  #joinPackets(packet: { end: number; next: number }): boolean {
    let at = this.#at;
    let length = fullPacketBytes;
    while (length === fullPacketBytes) {
      if (this.#filled - at < headerBytes) return false;
      length = this.#packetLength(at);
      at += headerBytes + length;
      if (at > this.#filled) return false;
    }
    let end = packet.end;
    for (let part = packet.end; part < at;) {
      const partLength = this.#packetLength(part);
      this.#bytes.copyWithin(end, part + headerBytes, part + headerBytes + partLength);
      end += partLength;
      part += headerBytes + partLength;
    }
    packet.end = end;
    packet.next = at;
    return true;
  }

  /** Hands over the rows read so far together with their buffer, and goes on in a new one. */
  #flush(): void {
    if (this.#rows === 0) return;
    const memory = { bytes: this.#bytes, slab: this.#slab };
    const map = {
      bytes: this.#bytes.subarray(0, this.#at),
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
    this.#emit(batch);
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
    } else {
      const bytes = new Uint8Array(new ArrayBuffer(Math.max(this.#bytes.length * 2, this.#filled + more)));
      bytes.set(this.#bytes.subarray(0, this.#filled));
      this.#bytes = bytes;
    }
  }

  #moveTo(bytes: Uint8Array<ArrayBuffer>, rest: Uint8Array): void {
    bytes.set(rest);
    this.#bytes = bytes;
    this.#filled = rest.length;
    this.#at = 0;
  }
}

function brokenResult(what: string): FatalError {
  return new FatalError(`The server sent ${what}.`, {
    code: 'result_protocol',
    state: 'Nothing was published',
    next: 'Run again, in case the table was changed while it was read; else connect to the server without a proxy.',
  });
}
