import type { Socket } from 'node:net';
import type pg from 'pg';
import { freeChunk, lendChunks } from './reading-socket.ts';

/** `error`: the next message is the server's error. */
export type ScanState = 'copying' | 'done' | 'error';

/** Makes items of the server's messages of a COPY ... TO STDOUT. */
export interface CopyReader<Item> {
  /** Takes what came from the socket, and keeps nothing of it. After `done` or `error`, `rest` belongs to others. */
  push(chunk: Buffer): ScanState;
  /** Bytes after the last message read: after CopyDone, or from the error message on. */
  rest(): Buffer;
  /** Completed items, oldest first. */
  readonly ready: Item[];
  /** Items that wait in `ready` before the socket is paused. */
  readonly mostReady: number;
  /** Completes the item begun, if it may be cut here, because somebody waits for it. */
  hurry?(): void;
}

type DataListener = (chunk: Buffer) => void;

/**
 * Runs a COPY ... TO STDOUT on a client of its own and yields what `reader` makes of it.
 * Takes the socket's data over from `pg` while the rows come, and gives it back at their end.
 * The iterable may be walked once; leaving it early closes the socket.
 */
export async function* copyOut<Item>(
  client: pg.ClientBase,
  sql: string,
  reader: CopyReader<Item>,
): AsyncGenerator<Item> {
  const query = new CopyOutQuery(sql, reader);
  client.query(query);
  try {
    while (true) {
      const item = await query.next();
      if (item === undefined) return;
      yield item;
    }
  } finally {
    query.abandon();
  }
}

/** What `pg` calls while the statement runs. */
class CopyOutQuery<Item> {
  readonly #sql: string;
  readonly #reader: CopyReader<Item>;
  #socket: Socket | undefined;
  #pgListener: DataListener | undefined;
  #finished = false;
  #failure: unknown;
  #wake: (() => void) | undefined;

  constructor(sql: string, reader: CopyReader<Item>) {
    this.#sql = sql;
    this.#reader = reader;
  }

  async next(): Promise<Item | undefined> {
    const { ready } = this.#reader;
    if (ready.length === 0) this.#reader.hurry?.();
    while (ready.length === 0 && !this.#finished) {
      this.#socket?.resume();
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
    const item = ready.shift();
    if (item !== undefined) return item;
    if (this.#failure !== undefined) throw this.#failure;
    return undefined;
  }

  /** Cuts the connection when the rows were not read to their end. */
  abandon(): void {
    if (!this.#finished) this.#socket?.destroy();
  }

  submit(connection: pg.Connection): void {
    const socket = connection.stream as Socket;
    this.#socket = socket;
    this.#pgListener = socket.listeners('data')[0] as DataListener;
    socket.off('data', this.#pgListener);
    socket.on('data', this.#onData);
    lendChunks(socket, true);
    connection.query(this.#sql);
  }

  readonly #onData = (chunk: Buffer): void => {
    const reader = this.#reader;
    const socket = this.#socket as Socket;
    try {
      const state = reader.push(chunk);
      freeChunk(socket, chunk);
      if (state !== 'copying') this.#giveBack();
    } catch (error) {
      this.#fail(error);
      socket.destroy();
      return;
    }
    if (this.#wake && reader.ready.length === 0) reader.hurry?.();
    if (reader.ready.length > 0) this.#wake?.();
    if (reader.ready.length >= reader.mostReady) socket.pause();
  };

  #giveBack(): void {
    const socket = this.#socket;
    const listener = this.#pgListener;
    if (!socket || !listener) return;
    socket.off('data', this.#onData);
    lendChunks(socket, false);
    socket.on('data', listener);
    listener(this.#reader.rest());
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
