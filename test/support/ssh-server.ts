import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.ts';

const sshd = '/usr/sbin/sshd';

/** A real OpenSSH server on loopback, which lets in whoever has its client key. */
export interface SshServer {
  readonly port: number;
  readonly user: string;
  /** Private key with the passphrase `open sesame`. */
  readonly keyFile: string;
  /** `SHA256:...` */
  readonly hostKey: string;
  /** Type and key, as in `known_hosts`. */
  readonly publicHostKey: string;
  /** Ends every connection; new ones are let in. */
  dropConnections(): Promise<void>;
  stop(): Promise<void>;
}

/** Undefined where there is no `sshd`, and we are not root on Debian to install it. */
export async function startSshServer(): Promise<SshServer | undefined> {
  if (!existsSync(sshd) && process.getuid?.() === 0) {
    spawnSync('apt-get', ['install', '-y', '-q', 'openssh-server'], { stdio: 'ignore' });
  }
  if (!existsSync(sshd)) return undefined;
  if (process.getuid?.() === 0) spawnSync('mkdir', ['-p', '/run/sshd']);
  const folder = await mkdtemp(join(tmpdir(), 'millrace-sshd-'));
  const keyFile = join(folder, 'client');
  generateKey(join(folder, 'host'), '');
  generateKey(keyFile, 'open sesame');
  await writeFile(join(folder, 'authorized'), await readFile(`${keyFile}.pub`));
  await chmod(join(folder, 'authorized'), 0o600);
  const port = await freePort();
  const config = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    `HostKey ${join(folder, 'host')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized')}`,
    `PidFile ${join(folder, 'pid')}`,
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'StrictModes no',
    'PermitRootLogin yes',
    'AllowTcpForwarding yes',
  ];
  await writeFile(join(folder, 'config'), `${config.join('\n')}\n`);
  const server = spawn(sshd, ['-D', '-e', '-f', join(folder, 'config')], { stdio: 'ignore' });
  await waitForPort(port, server);
  return {
    port,
    user: userInfo().username,
    keyFile,
    hostKey: fingerprint(join(folder, 'host.pub')),
    publicHostKey: (await readFile(join(folder, 'host.pub'), 'utf8')).split(' ', 2).join(' '),
    dropConnections: async () => {
      spawnSync('pkill', ['-P', String(server.pid)]);
      await sleep(100);
    },
    stop: async () => {
      spawnSync('pkill', ['-P', String(server.pid)]);
      server.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function generateKey(file: string, passphrase: string): void {
  const made = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', file]);
  if (made.status !== 0) throw new Error(made.stderr.toString());
}

function fingerprint(file: string): string {
  const shown = spawnSync('ssh-keygen', ['-l', '-f', file]).stdout.toString();
  return shown.split(' ')[1] ?? '';
}

async function waitForPort(port: number, server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    if (server.exitCode !== null) throw new Error(`sshd ended with ${server.exitCode}`);
    const isOpen = await new Promise<boolean>((done) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        done(true);
      });
      socket.on('error', () => done(false));
    });
    if (isOpen) return;
    await sleep(50);
  }
  throw new Error('sshd did not start');
}
