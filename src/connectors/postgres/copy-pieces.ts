import { messageHeader, messageHeaderBytes, messageType } from './copy-message.ts';
import type { CopyReader, ScanState } from './copy-out.ts';

/** As much as one reading of the socket gives at most. */
const pieceBytes = 256 * 1024;

/**
 * Joins the bytes of a COPY ... TO STDOUT, without the protocol's messages around its rows, into a few pieces of
 * memory that are filled again and again.
 */
export class CopyPieces implements CopyReader<Buffer> {
  readonly ready: Buffer[] = [];
  readonly mostReady = 2;
  readonly #free: Buffer[] = [];
  #piece: Buffer = Buffer.allocUnsafeSlow(pieceBytes);
  #filled = 0;
  /** Of a message whose header is torn between two chunks. */
  readonly #header: Buffer = Buffer.alloc(messageHeaderBytes);
  #headerFilled = 0;
  #type = 0;
  /** Bytes of the message under way that are still to come. */
  #left = 0;
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): ScanState {
    if (this.#filled + chunk.length > this.#piece.length) this.#startNext(chunk.length);
    for (let at = 0; at < chunk.length;) {
      if (this.#left > 0) {
        at = this.#passBody(chunk, at);
        continue;
      }
      at = this.#passHeader(chunk, at);
      if (this.#headerFilled > 0) break;
      if (this.#type === messageType.error)
        return this.#end('error', [messageHeader(this.#type, this.#left), chunk.subarray(at)]);
      if (this.#type === messageType.copyDone) return this.#end('done', [chunk.subarray(at)]);
    }
    return 'copying';
  }

  rest(): Buffer {
    return this.#rest;
  }

  hurry(): void {
    if (this.#filled > 0) this.#startNext(0);
  }

  /** Says that a piece is not looked at any more. */
  release(piece: Buffer): void {
    this.#free.push(Buffer.from(piece.buffer));
  }

  #passHeader(chunk: Buffer, start: number): number {
    let at = start;
    if (this.#headerFilled === 0 && chunk.length - at >= messageHeaderBytes) {
      this.#begin(chunk, at);
      return at + messageHeaderBytes;
    }
    while (at < chunk.length && this.#headerFilled < messageHeaderBytes) {
      this.#header[this.#headerFilled] = chunk[at] as number;
      this.#headerFilled += 1;
      at += 1;
    }
    if (this.#headerFilled === messageHeaderBytes) {
      this.#begin(this.#header, 0);
      this.#headerFilled = 0;
    }
    return at;
  }

  #begin(header: Buffer, at: number): void {
    this.#type = header[at] as number;
    this.#left = header.readInt32BE(at + 1) - 4;
  }

  #passBody(chunk: Buffer, start: number): number {
    const end = Math.min(start + this.#left, chunk.length);
    if (this.#type === messageType.copyData) {
      chunk.copy(this.#piece, this.#filled, start, end);
      this.#filled += end - start;
    }
    this.#left -= end - start;
    return end;
  }

  #end(state: ScanState, rest: readonly Buffer[]): ScanState {
    this.#rest = Buffer.concat(rest);
    this.hurry();
    return state;
  }

  /** Hands over what is filled, and goes on in memory that has room for a chunk. */
  #startNext(room: number): void {
    this.ready.push(this.#piece.subarray(0, this.#filled));
    const free = this.#free.pop();
    this.#piece = free && free.length >= room ? free : Buffer.allocUnsafeSlow(Math.max(pieceBytes, room));
    this.#filled = 0;
  }
}
