import type { Socket } from 'node:net';
import type { Connection } from 'mysql2';
import type { ColumnBatch } from '../../connector/index.ts';
import { lendChunks } from './reading-socket.ts';
import { RowScanner } from './row-scanner.ts';
import type { VectorDecoder } from './row-vectors.ts';

/** Batches decoded ahead of the consumer; then the socket is paused. */
const maxWaitingBatches = 4;

/** `COM_QUERY`. */
const queryCommand = 0x03;

type DataListener = (chunk: Buffer) => void;

/** What the driver has beside its documented face: its socket, its queue, its count of packets. */
interface DriverConnection {
  readonly stream: Socket;
  addCommand(command: unknown): unknown;
  _resetSequenceId(): void;
  _bumpSequenceId(packets: number): void;
  write(bytes: Buffer): void;
  sequenceId: number;
  readonly clientEncoding: string;
}

interface DriverPacket {
  isError(): boolean;
  asError(encoding: string): Error;
}

/**
 * Runs a SELECT on a connection of its own and yields its rows in batches. Takes the socket's data over
 * from the driver while the rows come, and gives it back at their end. The iterable may be walked once;
 * leaving it early closes the socket.
 */
export async function* readResult(
  connection: Connection,
  sql: string,
  decoders: readonly VectorDecoder[],
): AsyncGenerator<ColumnBatch> {
  const command = new ResultCommand(sql, decoders);
  (connection as unknown as DriverConnection).addCommand(command);
  try {
    while (true) {
      const batch = await command.next();
      if (batch === undefined) return;
      yield batch;
    }
  } finally {
    command.abandon();
  }
}

/** What the driver calls while the statement runs. */
class ResultCommand {
  readonly #sql: string;
  readonly #scanner: RowScanner;
  readonly #waiting: ColumnBatch[] = [];
  #connection: DriverConnection | undefined;
  #driverListener: DataListener | undefined;
  #finished = false;
  #failure: unknown;
  #wake: (() => void) | undefined;

  constructor(sql: string, decoders: readonly VectorDecoder[]) {
    this.#sql = sql;
    this.#scanner = new RowScanner(decoders, (batch) => this.#waiting.push(batch));
  }

  async next(): Promise<ColumnBatch | undefined> {
    while (this.#waiting.length === 0 && !this.#finished) {
      this.#connection?.stream.resume();
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    const batch = this.#waiting.shift();
    if (batch) return batch;
    if (this.#failure !== undefined) throw this.#failure;
    return undefined;
  }

  /** Cuts the connection when the rows were not read to their end. */
  abandon(): void {
    if (!this.#finished) this.#connection?.stream.destroy();
  }

  /** Called without a packet to start, then with the packet that ends the result; true when all is done. */
  execute(packet: DriverPacket | undefined, connection: DriverConnection): boolean {
    if (this.#connection === undefined || packet === undefined) {
      this.#start(connection);
      return false;
    }
    if (packet.isError()) this.#failure ??= packet.asError(connection.clientEncoding);
    this.#finish();
    return true;
  }

  /** The connection broke. */
  onResult(error: unknown): void {
    this.#failure ??= error;
    this.#finish();
  }

  #start(connection: DriverConnection): void {
    this.#connection = connection;
    const socket = connection.stream;
    this.#driverListener = socket.listeners('data')[0] as DataListener;
    socket.off('data', this.#driverListener);
    socket.on('data', this.#onData);
    lendChunks(socket, true);
    const text = Buffer.from(this.#sql, 'utf8');
    const packet = Buffer.alloc(5 + text.length);
    packet.writeUIntLE(text.length + 1, 0, 3);
    packet[4] = queryCommand;
    text.copy(packet, 5);
    connection._resetSequenceId();
    connection._bumpSequenceId(1);
    connection.write(packet);
  }

  readonly #onData = (chunk: Buffer): void => {
    try {
      if (this.#scanner.push(chunk) === 'done') this.#giveBack();
    } catch (error) {
      this.#failure ??= error;
      this.#finish();
      this.#connection?.stream.destroy();
      return;
    }
    if (this.#waiting.length > 0) this.#wake?.();
    if (this.#waiting.length >= maxWaitingBatches) this.#connection?.stream.pause();
  };

  #giveBack(): void {
    const connection = this.#connection;
    const listener = this.#driverListener;
    if (!connection || !listener) return;
    const socket = connection.stream;
    socket.off('data', this.#onData);
    lendChunks(socket, false);
    socket.on('data', listener);
    const rest = this.#scanner.rest();
    connection.sequenceId = rest[3] as number;
    listener(rest);
    socket.resume();
  }

  #finish(): void {
    this.#finished = true;
    this.#wake?.();
  }
}
