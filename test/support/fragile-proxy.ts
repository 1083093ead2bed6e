import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a server that can be disturbed. */
export interface FragileProxy {
  readonly port: number;
  /** After so many more bytes from the server, what it sends is held back, and so it is with new connections. */
  stallAfter(bytes: number): void;
  /** After so many more bytes from the server, all connections are reset. New ones go through. */
  dropAfter(bytes: number): void;
  /** Each piece from the server comes so much later. */
  delay(milliseconds: number): void;
  /** No more disturbance; what was held back stays lost. */
  heal(): void;
  /** Connections whose server end is open. */
  open(): number;
  close(): Promise<void>;
}

type Mode = 'through' | 'stall' | 'drop';

/** Listens on a port of its own and passes everything on to `target`. */
export async function startFragileProxy(target: {
  readonly host: string;
  readonly port: number;
}): Promise<FragileProxy> {
  const pairs = new Map<Socket, Socket>();
  let mode: Mode = 'through';
  let bytesLeft = 0;
  let delayMs = 0;

  const server = createServer((near) => {
    const far = connect(target);
    pairs.set(near, far);
    near.on('data', (chunk) => {
      if (mode !== 'stall' || bytesLeft > 0) far.write(chunk);
    });
    far.on('data', (chunk) => {
      if (mode !== 'through') bytesLeft -= chunk.length;
      if (mode === 'through' || bytesLeft > 0) pass(near, far, chunk);
      else if (mode === 'drop') reset();
      else far.pause();
    });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => {
        other.destroy();
        pairs.delete(near);
      });
    }
  });

  function pass(near: Socket, far: Socket, chunk: Buffer): void {
    if (delayMs > 0) {
      far.pause();
      setTimeout(() => {
        near.write(chunk);
        far.resume();
      }, delayMs);
      return;
    }
    if (near.write(chunk)) return;
    far.pause();
    near.once('drain', () => far.resume());
  }

  function reset(): void {
    mode = 'through';
    for (const [near, far] of pairs) {
      near.resetAndDestroy();
      far.destroy();
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stallAfter: (bytes) => {
      [mode, bytesLeft] = ['stall', bytes];
    },
    dropAfter: (bytes) => {
      [mode, bytesLeft] = ['drop', bytes];
    },
    delay: (milliseconds) => {
      delayMs = milliseconds;
    },
    heal: () => {
      mode = 'through';
      delayMs = 0;
    },
    open: () => pairs.size,
    close: async () => {
      for (const [near, far] of pairs) {
        near.destroy();
        far.destroy();
      }
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
