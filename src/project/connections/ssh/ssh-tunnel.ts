import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Client, ConnectConfig } from 'ssh2';
import type { TunnelledEnd } from '../../../connector/tunnelled-end.ts';
import { ConfigError, MillraceError, TransientError } from '../../../core/errors.ts';
import { type HostKeyJudge, hostKeyJudge, type HostKeyRefusal, type TrustedHosts } from './ssh-host-key.ts';
import { readKnownHosts } from './ssh-known-hosts.ts';

/** Keys that any connection with a host may have, as in Sling. */
export interface TunnelSettings {
  /** `ssh://user:password@host:22`; several are jumped through in this order. */
  readonly hops: readonly string[];
  /** Path of a private key, or the key itself. */
  readonly privateKey: string | undefined;
  readonly passphrase: string | undefined;
  /** `SHA256:...` of the last hop's host key, as `ssh-keygen -l` prints it. */
  readonly hostKey: string | undefined;
  /** File that must hold the key of every hop. */
  readonly knownHosts: string | undefined;
  /** True: every hop must be known. False: nothing is verified. Absent: known hosts must have the key that is known. */
  readonly strictHostKey: boolean | undefined;
}

/** A port on loopback whose connections come out at the other end of an SSH connection. */
export interface Tunnel {
  readonly port: number;
  readonly end: TunnelledEnd;
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
  let failure: MillraceError | undefined;

  const serve = async (socket: Socket): Promise<void> => {
    if (!way.isOpen()) way = await connectHops(connection, hops);
    const channel = await forward(connection, way.last, end);
    failure = undefined;
    socket.pipe(channel).pipe(socket);
    channel.on('error', () => socket.destroy());
    channel.on('close', () => socket.destroy());
    socket.on('close', () => channel.destroy());
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(socket).catch((error: unknown) => {
      failure = error instanceof MillraceError ? error : undefined;
      socket.destroy();
    });
  });
  const port = await listenOnLoopback(server);
  const last = hops.at(-1);
  const through = last ? `${last.config.username}@${last.host}:${last.port}` : '';
  return {
    port,
    end: { port: end.port, through, failure: () => failure },
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
    ssh_known_hosts: knownHosts,
    ssh_strict_host_key: strict,
    ...rest
  } = config;
  if (url === undefined) return { settings: undefined, rest: config };
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const hops = (Array.isArray(url) ? url : [url]).filter((hop): hop is string => typeof hop === 'string');
  return {
    settings: {
      hops,
      privateKey: text(key),
      passphrase: text(passphrase),
      hostKey: text(hostKey),
      knownHosts: text(knownHosts),
      strictHostKey: strict === undefined ? undefined : strict !== false && strict !== 'false',
    },
    rest,
  };
}

interface Hop {
  readonly host: string;
  readonly port: number;
  readonly config: ConnectConfig;
  readonly judge: HostKeyJudge;
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
  const known = await findKnownHosts(connection, settings, projectFolder);
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
    const fingerprint = index === settings.hops.length - 1 ? settings.hostKey : undefined;
    const judge = hostKeyJudge({ host, port, fingerprint, known });
    return {
      host,
      port,
      judge,
      config: {
        host,
        port,
        username: decodeURIComponent(url.username),
        readyTimeout: connectTimeoutMs,
        keepaliveInterval: keepaliveMs,
        keepaliveCountMax: 4,
        algorithms: { serverHostKey: [...judge.algorithms] },
        ...(url.password === '' ? {} : { password: decodeURIComponent(url.password), tryKeyboard: true }),
        ...(privateKey === undefined ? {} : { privateKey }),
        ...(settings.passphrase === undefined ? {} : { passphrase: settings.passphrase }),
      },
    };
  });
}

/** Undefined where nothing is to be verified, or nothing can be. */
async function findKnownHosts(
  connection: string,
  { knownHosts, strictHostKey }: TunnelSettings,
  projectFolder: string,
): Promise<TrustedHosts | undefined> {
  if (knownHosts === undefined && strictHostKey === false) return undefined;
  const usual = join(homedir(), '.ssh', 'known_hosts');
  const file = knownHosts === undefined ? usual : pathOf(knownHosts, projectFolder);
  const isStrict = strictHostKey ?? knownHosts !== undefined;
  if (!isStrict && !existsSync(file)) return undefined;
  return { file, isStrict, hosts: await readKnownHosts(connection, file) };
}

function pathOf(written: string, projectFolder: string): string {
  return resolve(projectFolder, written.replace(/^~(?=\/)/, homedir()));
}

async function readKey(
  connection: string,
  key: string | undefined,
  projectFolder: string,
): Promise<string | undefined> {
  if (key === undefined || key.includes('PRIVATE KEY-----')) return key;
  const path = pathOf(key, projectFolder);
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
  const ssh = await import('ssh2');
  const client = new ssh.Client();
  let refused: HostKeyRefusal | undefined;
  const verify = (key: Buffer): boolean => {
    refused = hop.judge.refusal(key);
    return refused === undefined;
  };
  // Servers that ask for the password by questions ask one.
  client.on('keyboard-interactive', (_name, _instructions, _language, prompts, answer) => {
    answer(prompts.map(() => hop.config.password ?? ''));
  });
  return new Promise((resolved, reject) => {
    client.once('ready', () => resolved(client));
    client.once('error', (error) => reject(signInError(connection, hop, error, refused)));
    try {
      client.connect({ ...hop.config, hostVerifier: verify, ...(sock ? { sock } : {}) });
    } catch (error) {
      reject(signInError(connection, hop, error as Error, undefined));
    }
  });
}

function signInError(
  connection: string,
  hop: Hop,
  error: Error & { level?: string },
  refused: HostKeyRefusal | undefined,
): MillraceError {
  const where = `${hop.config.username}@${hop.host}:${hop.port}`;
  if (refused) {
    return new ConfigError(`Connection ${connection}: the SSH server ${where} ${refused.message}.`, {
      code: refused.code,
      state: 'Nothing was sent to it.',
      next: refused.next,
    });
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
