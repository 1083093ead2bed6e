import type { Socket } from 'node:net';
import type pg from 'pg';
import { messageHeader, messageType } from './copy-message.ts';

export interface CopiedIn {
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Runs a COPY ... FROM STDIN on a client of its own, with these bytes. Each piece has gone to the socket when the next
 * one is asked for, so that their memory may be used again.
 * @param onBytes told of the bytes sent so far
 */
export async function copyIn(
  client: pg.ClientBase,
  sql: string,
  pieces: AsyncIterable<Uint8Array>,
  onBytes: (bytes: number) => void,
): Promise<CopiedIn> {
  const query = new CopyInQuery(sql);
  client.query(query);
  await query.start();
  let bytes = 0;
  try {
    for await (const piece of pieces) {
      await query.send(piece);
      bytes += piece.length;
      onBytes(bytes);
    }
  } catch (error) {
    await query.giveUp();
    throw error;
  }
  return { rows: await query.finish(), bytes };
}

/** What `pg` calls while the statement runs. */
class CopyInQuery {
  readonly #sql: string;
  #connection: pg.Connection | undefined;
  #state: 'asked' | 'copying' | 'ended' = 'asked';
  #rows = 0;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(sql: string) {
    this.#sql = sql;
  }

  async start(): Promise<void> {
    await this.#until(() => this.#state !== 'asked');
  }

  /** Waits until the socket has taken the piece. */
  async send(piece: Uint8Array): Promise<void> {
    const socket = this.#connection?.stream as Socket;
    let isTaken = false;
    socket.cork();
    socket.write(messageHeader(messageType.copyData, piece.length));
    socket.write(piece, () => {
      isTaken = true;
      this.#wake?.();
    });
    socket.uncork();
    await this.#until(() => isTaken);
  }

  /** Rows that the server has taken. */
  async finish(): Promise<number> {
    this.#connection?.stream.write(messageHeader(messageType.copyDone, 0));
    await this.#until(() => this.#state === 'ended');
    return this.#rows;
  }

  /** Waits until the server has dismissed what was sent. */
  async giveUp(): Promise<void> {
    if (this.#failure) return;
    const reason = Buffer.from('its source failed\0');
    this.#connection?.stream.write(
      Buffer.concat([messageHeader(messageType.copyFail, reason.length), reason]),
    );
    await this.#until(() => this.#state === 'ended').catch(() => undefined);
  }

  /** Rejects when the server or the connection fails first. */
  async #until(isReached: () => boolean): Promise<void> {
    while (!this.#failure && !isReached()) await new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.#failure) throw this.#failure;
  }

  submit(connection: pg.Connection): void {
    this.#connection = connection;
    connection.query(this.#sql);
  }

  handleCopyInResponse(): void {
    this.#state = 'copying';
    this.#wake?.();
  }

  handleError(error: Error): void {
    this.#failure = error;
    this.#wake?.();
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#rows = Number(/^COPY (\d+)/.exec(text)?.[1] ?? 0);
  }

  handleReadyForQuery(): void {
    this.#state = 'ended';
    this.#wake?.();
  }
}
