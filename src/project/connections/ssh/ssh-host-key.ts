import { createHash } from 'node:crypto';
import type { KnownHosts } from './ssh-known-hosts.ts';

/** What a connection trusts. */
export interface TrustedHosts {
  /** Path of the file, for people. */
  readonly file: string;
  /** True when a host that the file does not know is refused. */
  readonly isStrict: boolean;
  readonly hosts: KnownHosts;
}

export interface HostKeyRefusal {
  readonly code: 'ssh_host_key_mismatch' | 'ssh_host_unknown';
  /** Goes on after the name of the server. */
  readonly message: string;
  readonly next: string;
}

export interface HostKeyJudge {
  /** Of host keys, those first whose keys are known, so that a server shows one that can be compared. */
  readonly algorithms: readonly Algorithm[];
  /** Why a server that shows this key is not trusted. */
  refusal(key: Buffer): HostKeyRefusal | undefined;
}

const algorithms = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;
type Algorithm = (typeof algorithms)[number];

export function hostKeyJudge(server: {
  readonly host: string;
  readonly port: number;
  /** `SHA256:...` that it must be. */
  readonly fingerprint: string | undefined;
  readonly known: TrustedHosts | undefined;
}): HostKeyJudge {
  const { host, port, fingerprint, known } = server;
  const keys = known?.hosts.keysOf(host, port) ?? [];
  const isKnown = (algorithm: Algorithm): boolean =>
    keys.some(({ type }) => type === algorithm || (type === 'ssh-rsa' && algorithm.startsWith('rsa-')));
  return {
    algorithms: [...algorithms.filter((one) => isKnown(one)), ...algorithms.filter((one) => !isKnown(one))],
    refusal: (key) => {
      const found = fingerprintOf(key);
      if (fingerprint !== undefined) {
        return found === fingerprint
          ? undefined
          : mismatch('another host key than ssh_host_key', 'ssh_host_key');
      }
      if (!known) return undefined;
      const same = keys.filter((candidate) => candidate.key.equals(key));
      if (same.some(({ isRevoked }) => isRevoked)) return mismatch('a host key that is revoked', known.file);
      if (same.length > 0) return undefined;
      if (keys.some(({ type, isRevoked }) => !isRevoked && type === typeOf(key)))
        return mismatch(`another host key than ${known.file} has`, known.file);
      return known.isStrict ? unknown(server, known.file, found) : undefined;
    },
  };
}

function mismatch(what: string, place: string): HostKeyRefusal {
  return {
    code: 'ssh_host_key_mismatch',
    message: `shows ${what}`,
    next: `Find out why before you change ${place}: somebody may stand between.`,
  };
}

function unknown(server: { host: string; port: number }, file: string, fingerprint: string): HostKeyRefusal {
  const port = server.port === 22 ? '' : `-p ${server.port} `;
  return {
    code: 'ssh_host_unknown',
    message: `is not in ${file}; its host key is ${fingerprint}`,
    next: `See that this is its key, then: ssh-keyscan ${port}${server.host} >> ${file}`,
  };
}

function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** A key begins with the length and the name of its type: RFC 4253, 6.6. */
function typeOf(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString();
}
