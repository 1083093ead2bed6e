import { Socket } from 'node:net';

const bufferBytes = 256 * 1024;

const lenders = new WeakSet<Socket>();

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
        socket.emit('data', lenders.has(socket) ? chunk : Buffer.from(chunk));
        return true;
      },
    },
  });
  return socket;
}

/** Whether `data` listeners from now on keep nothing of what they are given. */
export function lendChunks(socket: Socket, lend: boolean): void {
  if (lend) lenders.add(socket);
  else lenders.delete(socket);
}
