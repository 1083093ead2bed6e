import { Socket } from 'node:net';

const bufferBytes = 256 * 1024;
const keepAliveAfterSeconds = 60;

const lenders = new WeakSet<object>();

/**
 * A socket that reads into one buffer of its own again and again, instead of allocating one for every
 * read. Its `data` events carry copies, unless a listener has said that it keeps nothing of them.
 */
export function readingSocket(host: string, port: number): Socket {
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
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveAfterSeconds * 1000);
  return socket.connect(port, host);
}

/** Whether `data` listeners from now on keep nothing of what they are given. */
export function lendChunks(socket: Socket, lend: boolean): void {
  if (lend) lenders.add(socket);
  else lenders.delete(socket);
}
