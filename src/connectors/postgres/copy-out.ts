import type { Socket } from 'node:net';
import type pg from 'pg';
import type { ColumnBatch } from '../../connector/index.ts';
import { CopyScanner } from './copy-scanner.ts';
import type { VectorDecoder } from './copy-vectors.ts';
import { lendChunks } from './reading-socket.ts';

/** Batches decoded ahead of the consumer; then the socket is paused. */
const maxWaitingBatches = 4;

type DataListener = (chunk: Buffer) => void;

/**
 * Runs a COPY ... TO STDOUT (FORMAT binary) on a client of its own and yields its rows in batches.
 * Takes the socket's data over from `pg` while the rows come, and gives it back at their end.
 * The iterable may be walked once; leaving it early closes the socket.
 */
export async function* copyOut(
  client: pg.ClientBase,
  sql: string,
  decoders: readonly VectorDecoder[],
): AsyncGenerator<ColumnBatch> {
  const query = new CopyOutQuery(sql, decoders);
  client.query(query);
  try {
    while (true) {
      const batch = await query.next();
      if (batch === undefined) return;
      yield batch;
    }
  } finally {
    query.abandon();
  }
}

/** What `pg` calls while the statement runs. */
class CopyOutQuery {
  readonly #sql: string;
  readonly #scanner: CopyScanner;
  readonly #waiting: ColumnBatch[] = [];
  #socket: Socket | undefined;
  #pgListener: DataListener | undefined;
  #finished = false;
  #failure: unknown;
  #wake: (() => void) | undefined;

  constructor(sql: string, decoders: readonly VectorDecoder[]) {
    this.#sql = sql;
    this.#scanner = new CopyScanner(decoders, (batch) => this.#waiting.push(batch));
  }

  async next(): Promise<ColumnBatch | undefined> {
    while (this.#waiting.length === 0 && !this.#finished) {
      this.#socket?.resume();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const batch = this.#waiting.shift();
    if (batch) return batch;
    if (this.#failure !== undefined) throw this.#failure;
    return undefined;
  }

  /** Cuts the connection when the rows were not read to their end. */
  abandon(): void {
    if (!this.#finished) this.#socket?.destroy();
  }

  submit(connection: pg.Connection): void {
    const socket = (connection as unknown as { stream: Socket }).stream;
    this.#socket = socket;
    this.#pgListener = socket.listeners('data')[0] as DataListener;
    socket.off('data', this.#pgListener);
    socket.on('data', this.#onData);
    lendChunks(socket, true);
    connection.query(this.#sql);
  }

  readonly #onData = (chunk: Buffer): void => {
    try {
      const state = this.#scanner.push(chunk);
      if (state !== 'copying') this.#giveBack();
    } catch (error) {
      this.#fail(error);
      this.#socket?.destroy();
      return;
    }
    if (this.#waiting.length > 0) this.#wake?.();
    if (this.#waiting.length >= maxWaitingBatches) this.#socket?.pause();
  };

  #giveBack(): void {
    const socket = this.#socket;
    const listener = this.#pgListener;
    if (!socket || !listener) return;
    socket.off('data', this.#onData);
    lendChunks(socket, false);
    socket.on('data', listener);
    listener(this.#scanner.rest());
    socket.resume();
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#finished = true;
    this.#wake?.();
  }

  handleError(error: Error): void {
    this.#fail(error);
  }

  handleReadyForQuery(): void {
    this.#finished = true;
    this.#wake?.();
  }

  handleCommandComplete(): void {}

  handleRowDescription(): void {}

  handleEmptyQuery(): void {}
}
