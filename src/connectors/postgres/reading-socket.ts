import { Socket } from 'node:net';

const bufferBytes = 256 * 1024;

/** The sockets made here, and whether they lend their chunks. */
const lending = new WeakMap<Socket, boolean>();

/**
 * A socket that reads into one buffer of its own again and again, instead of allocating one for every
 * read: a gigabyte of such buffers costs a load a fifth of its time in garbage collection. Its `data`
 * events carry copies, unless a listener has said that it keeps nothing of them.
 */
export function readingSocket(): Socket {
  const socket: Socket = new Socket({
    onread: {
      buffer: Buffer.allocUnsafeSlow(bufferBytes),
      callback: (length, buffer) => {
        const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, length);
        socket.emit('data', lending.get(socket) === true ? chunk : Buffer.from(chunk));
        return true;
      },
    },
  });
  lending.set(socket, false);
  return socket;
}

/** Whether `data` listeners from now on keep nothing of what they are given. */
export function lendChunks(socket: Socket, lend: boolean): void {
  if (lending.has(socket)) lending.set(socket, lend);
}

/**
 * Frees the memory of a chunk that nobody keeps. Other sockets, such as those of TLS, allocate it for every read, and
 * dozens of megabytes of it would wait for the next garbage collection.
 */
export function freeChunk(socket: Socket, { buffer, byteLength }: Buffer): void {
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  if (isWhole && !lending.has(socket)) buffer.transfer(0);
}
