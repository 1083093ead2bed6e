const alignment = 8;

/** Memory of a batch's vectors: one buffer, cut from front to back, zeroed, and used again after `reset`. */
export class VectorSlab {
  #buffer: ArrayBuffer;
  #used = 0;

  constructor(sizeBytes: number) {
    this.#buffer = new ArrayBuffer(sizeBytes);
  }

  /** Zeroed bytes that start on a multiple of 8 within their buffer. */
  take(byteCount: number): Uint8Array<ArrayBuffer> {
    const start = this.#used;
    const end = start + Math.ceil(byteCount / alignment) * alignment;
    if (end > this.#buffer.byteLength) return this.#takeFromNew(byteCount);
    this.#used = end;
    return new Uint8Array(this.#buffer, start, byteCount).fill(0);
  }

  reset(): void {
    this.#used = 0;
  }

  /** Vectors that were cut from the old buffer keep it. */
  #takeFromNew(byteCount: number): Uint8Array<ArrayBuffer> {
    this.#buffer = new ArrayBuffer(Math.max(2 * this.#buffer.byteLength, byteCount + alignment));
    this.#used = 0;
    return this.take(byteCount);
  }
}
