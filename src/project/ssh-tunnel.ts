import { readFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { Client, type ConnectConfig } from 'ssh2';
import { ConfigError, TransientError, type MillraceError } from '../core/errors.ts';

/** Keys that any connection with a host may have, as in Sling. */
export interface TunnelSettings {
  /** `ssh://user:password@host:22`; several are jumped through in this order. */
  readonly hops: readonly string[];
  /** Path of a private key, or the key itself. */
  readonly privateKey: string | undefined;
  readonly passphrase: string | undefined;
  /** `SHA256:...` of the last hop's host key, as `ssh-keygen -l` prints it. Absent: not verified. */
  readonly hostKey: string | undefined;
}

/** A port on loopback whose connections come out at the other end of an SSH connection. */
export interface Tunnel {
  readonly port: number;
  close(): Promise<void>;
}

export interface TunnelEnd {
  readonly host: string;
  readonly port: number;
}

const connectTimeoutMs = 15_000;
/** A dead peer is noticed after four of these. */
const keepaliveMs = 15_000;

/**
 * Opens the way to `end`. A lost SSH connection is made anew when the next connection comes in.
 * @throws ConfigError when a hop refuses the sign-in or shows another host key; TransientError when
 * it cannot be reached. Messages hold no secrets.
 */
export async function openTunnel(
  connection: string,
  settings: TunnelSettings,
  end: TunnelEnd,
  projectFolder: string,
): Promise<Tunnel> {
  const hops = await readHops(connection, settings, projectFolder);
  let way = await connectHops(connection, hops);
  const sockets = new Set<Socket>();

  const serve = async (socket: Socket): Promise<void> => {
    if (!way.isOpen()) way = await connectHops(connection, hops);
    const channel = await forward(connection, way.last, end);
    socket.pipe(channel).pipe(socket);
    channel.on('error', () => socket.destroy());
    channel.on('close', () => socket.destroy());
    socket.on('close', () => channel.destroy());
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(socket).catch(() => socket.destroy());
  });
  const port = await listenOnLoopback(server);
  return {
    port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      way.close();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Takes the tunnel's keys out of a connection's config. */
export function tunnelSettings(config: Readonly<Record<string, unknown>>): {
  readonly settings: TunnelSettings | undefined;
  readonly rest: Readonly<Record<string, unknown>>;
} {
  const {
    ssh_tunnel: url,
    ssh_private_key: key,
    ssh_passphrase: passphrase,
    ssh_host_key: hostKey,
    ...rest
  } = config;
  if (url === undefined) return { settings: undefined, rest: config };
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const hops = (Array.isArray(url) ? url : [url]).filter((hop): hop is string => typeof hop === 'string');
  return {
    settings: { hops, privateKey: text(key), passphrase: text(passphrase), hostKey: text(hostKey) },
    rest,
  };
}

interface Hop {
  readonly host: string;
  readonly port: number;
  readonly config: ConnectConfig;
  readonly hostKey: string | undefined;
}

interface Way {
  readonly last: Client;
  isOpen(): boolean;
  close(): void;
}

async function readHops(
  connection: string,
  settings: TunnelSettings,
  projectFolder: string,
): Promise<readonly Hop[]> {
  const privateKey = await readKey(connection, settings.privateKey, projectFolder);
  return settings.hops.map((hop, index) => {
    const url = URL.canParse(hop) ? new URL(hop) : undefined;
    if (!url || url.protocol !== 'ssh:' || url.hostname === '' || url.username === '') {
      throw new ConfigError(`Connection ${connection}: ssh_tunnel cannot be read.`, {
        code: 'ssh_tunnel_invalid',
        next: 'Write ssh://user@host:22 with ssh_private_key, or ssh://user:password@host:22.',
      });
    }
    const port = url.port === '' ? 22 : Number(url.port);
    const host = decodeURIComponent(url.hostname);
    return {
      host,
      port,
      hostKey: index === settings.hops.length - 1 ? settings.hostKey : undefined,
      config: {
        host,
        port,
        username: decodeURIComponent(url.username),
        readyTimeout: connectTimeoutMs,
        keepaliveInterval: keepaliveMs,
        keepaliveCountMax: 4,
        ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
        ...(privateKey === undefined ? {} : { privateKey }),
        ...(settings.passphrase === undefined ? {} : { passphrase: settings.passphrase }),
      },
    };
  });
}

async function readKey(
  connection: string,
  key: string | undefined,
  projectFolder: string,
): Promise<string | undefined> {
  if (key === undefined || key.includes('PRIVATE KEY-----')) return key;
  const path = resolve(projectFolder, key.replace(/^~(?=\/)/, homedir()));
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(
      `Connection ${connection}: ssh_private_key names ${path}, which cannot be read (${error.code}).`,
      {
        code: 'ssh_key_unreadable',
        next: `Correct ssh_private_key of ${connection}.`,
      },
    );
  });
}

/** Signs in at the first hop, and at each further one through the one before. */
async function connectHops(connection: string, hops: readonly Hop[]): Promise<Way> {
  const clients: Client[] = [];
  let isOpen = true;
  try {
    for (const hop of hops) {
      const before = clients.at(-1);
      const sock = before ? await forward(connection, before, hop) : undefined;
      const client = await signIn(connection, hop, sock);
      client.on('close', () => {
        isOpen = false;
      });
      client.on('error', () => {
        isOpen = false;
      });
      clients.push(client);
    }
  } catch (error) {
    for (const client of clients) client.destroy();
    throw error;
  }
  const last = clients.at(-1);
  if (!last)
    throw new ConfigError(`Connection ${connection}: ssh_tunnel is empty.`, { code: 'ssh_tunnel_invalid' });
  return {
    last,
    isOpen: () => isOpen,
    close: () => {
      for (const client of clients.toReversed()) client.end();
    },
  };
}

async function signIn(connection: string, hop: Hop, sock: Duplex | undefined): Promise<Client> {
  const client = new Client();
  let isOtherHost = false;
  const verify = (key: Buffer): boolean => {
    const found = `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
    isOtherHost = hop.hostKey !== undefined && found !== hop.hostKey;
    return !isOtherHost;
  };
  return new Promise((resolved, reject) => {
    client.once('ready', () => resolved(client));
    client.once('error', (error) => reject(signInError(connection, hop, error, isOtherHost)));
    try {
      client.connect({ ...hop.config, hostVerifier: verify, ...(sock ? { sock } : {}) });
    } catch (error) {
      reject(signInError(connection, hop, error as Error, false));
    }
  });
}

function signInError(
  connection: string,
  hop: Hop,
  error: Error & { level?: string },
  isOtherHost: boolean,
): MillraceError {
  const where = `${hop.config.username}@${hop.host}:${hop.port}`;
  if (isOtherHost) {
    return new ConfigError(
      `Connection ${connection}: the SSH server ${where} shows another host key than ssh_host_key.`,
      {
        code: 'ssh_host_key_mismatch',
        state: 'Nothing was sent to it.',
        next: 'Find out why before you change ssh_host_key: somebody may stand between.',
      },
    );
  }
  const isUnreachable = error.level === 'client-socket' || error.level === 'client-timeout';
  if (isUnreachable) {
    const { code } = error as NodeJS.ErrnoException;
    return new TransientError(
      `Connection ${connection}: the SSH server ${where} cannot be reached (${code ?? 'no answer'}).`,
      {
        code: 'ssh_unreachable',
        next: 'See that the SSH server runs, and that host and port in ssh_tunnel are right.',
      },
    );
  }
  return new ConfigError(`Connection ${connection}: the SSH server ${where} refused the sign-in.`, {
    code: 'ssh_login_failed',
    next: 'Check the user and password in ssh_tunnel, or ssh_private_key and ssh_passphrase.',
  });
}

function forward(connection: string, client: Client, end: TunnelEnd): Promise<Duplex> {
  return new Promise((resolved, reject) => {
    client.forwardOut('127.0.0.1', 0, end.host, end.port, (error, channel) => {
      if (!error) return resolved(channel);
      reject(
        new TransientError(`Connection ${connection}: the SSH server cannot reach ${end.host}:${end.port}.`, {
          code: 'ssh_forward_failed',
          next: 'See that the host is right as the SSH server sees it, and that the server allows forwarding.',
        }),
      );
    });
  });
}

async function listenOnLoopback(server: Server): Promise<number> {
  await new Promise<void>((done, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', done);
  });
  return (server.address() as AddressInfo).port;
}
