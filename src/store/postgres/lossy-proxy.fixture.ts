import { connect, createServer, type Socket } from 'node:net';

/** Stands between a ledger and its server, and breaks connections where it hurts most. */
export interface LossyProxy {
  readonly url: string;
  /** The next connection that commits is cut: after the server got the commit, or before. */
  cutNextCommit(when: 'after' | 'before'): void;
  /** Ends all connections, and refuses new ones until `restore`. */
  cutOff(): void;
  restore(): void;
  close(): Promise<void>;
}

export async function startLossyProxy(serverUrl: string): Promise<LossyProxy> {
  const target = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let cut: 'after' | 'before' | undefined;
  let isOff = false;

  const server = createServer((client) => {
    if (isOff) return void client.destroy();
    const upstream = connect(Number(target.port), target.hostname);
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end);
      socket.on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    let isDeaf = false;
    client.on('data', (data) => {
      if (cut === undefined || !data.includes('COMMIT')) return void upstream.write(data);
      const when = cut;
      cut = undefined;
      if (when === 'before') return end();
      isDeaf = true;
      upstream.write(data);
    });
    upstream.on('data', (data) => {
      if (isDeaf) end();
      else client.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const url = new URL(serverUrl);
  url.port = String(typeof address === 'object' ? address?.port : '');
  return {
    url: url.href,
    cutNextCommit: (when) => {
      cut = when;
    },
    cutOff: () => {
      isOff = true;
      for (const socket of sockets) socket.destroy();
    },
    restore: () => {
      isOff = false;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
