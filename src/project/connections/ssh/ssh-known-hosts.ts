import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { ConfigError } from '../../../core/errors.ts';

/** Host keys that somebody has verified, from files as `~/.ssh/known_hosts` is: `sshd(8)`, SSH_KNOWN_HOSTS FILE FORMAT. */
export interface KnownHosts {
  /** What the file says of a server. */
  keysOf(host: string, port: number): readonly HostKey[];
}

export interface HostKey {
  /** Such as `ssh-ed25519`. */
  readonly type: string;
  /** As it travels. */
  readonly key: Buffer;
  readonly isRevoked: boolean;
}

/** @throws ConfigError when the file cannot be read */
export async function readKnownHosts(connection: string, path: string): Promise<KnownHosts> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(
      `Connection ${connection}: ssh_known_hosts names ${path}, which cannot be read (${error.code}).`,
      {
        code: 'ssh_known_hosts_unreadable',
        next: `Correct ssh_known_hosts of ${connection}, or make the file: ssh-keyscan host >> ${path}`,
      },
    );
  });
  return parseKnownHosts(text);
}

export function parseKnownHosts(text: string): KnownHosts {
  const lines = text.split('\n').flatMap((line) => {
    const words = line.trim().split(/\s+/);
    const marker = words[0]?.startsWith('@') ? words.shift() : undefined;
    const [hosts, type, key] = words;
    // Authorities sign host certificates, which the SSH library does not know.
    if (!hosts || hosts.startsWith('#') || !type || !key || marker === '@cert-authority') return [];
    return [{ hosts, type, key: Buffer.from(key, 'base64'), isRevoked: marker === '@revoked' }];
  });
  return {
    keysOf: (host, port) => {
      const name = port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
      return lines.filter(({ hosts }) => namesHost(hosts, name));
    },
  };
}

function namesHost(hosts: string, name: string): boolean {
  if (hosts.startsWith('|1|')) {
    const [, , salt = '', hash = ''] = hosts.split('|');
    return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
  }
  const patterns = hosts.toLowerCase().split(',');
  const isExcluded = patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1), name));
  return !isExcluded && patterns.some((pattern) => matches(pattern, name));
}

function matches(pattern: string, name: string): boolean {
  const expression = RegExp.escape(pattern)
    .replaceAll(String.raw`\*`, '.*')
    .replaceAll(String.raw`\?`, '.');
  return new RegExp(`^${expression}$`).test(name);
}
