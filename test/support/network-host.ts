import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A machine of its own as far as the network and its name go: a network namespace of Linux, joined to this machine by a pair of virtual cards. */
export interface NetworkHost {
  /** Under which it reaches this machine. */
  readonly gateway: string;
  /** Runs what follows on that host. */
  readonly prefix: readonly string[];
  /** Takes its network card down: nothing comes or goes, and nobody is told. */
  cut(): Promise<void>;
  rejoin(): Promise<void>;
  remove(): Promise<void>;
}

/** Why there can be no such hosts here; undefined when there can. */
export async function hostsMissing(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'network namespaces need root on Linux';
  const probe = `mr-probe-${process.pid}`;
  try {
    await run('ip', ['netns', 'add', probe]);
    await run('ip', ['netns', 'delete', probe]);
    await run('unshare', ['--uts', 'true']);
    return undefined;
  } catch (error) {
    return `no network namespaces here: ${error instanceof Error ? error.message : ''}`;
  }
}

/** @param number from 1 to 200, for this host alone */
export async function makeHost(number: number): Promise<NetworkHost> {
  const id = `mr${process.pid % 10_000}-${number}`;
  const [outer, inner] = [`${id}o`, `${id}i`];
  const network = `10.231.${number}`;
  const ip = async (...args: readonly string[]): Promise<void> => {
    await run('ip', [...args]);
  };
  const within = (...args: readonly string[]): Promise<void> => ip('netns', 'exec', id, 'ip', ...args);
  await ip('netns', 'add', id);
  await ip('link', 'add', outer, 'type', 'veth', 'peer', 'name', inner, 'netns', id);
  await ip('addr', 'add', `${network}.1/24`, 'dev', outer);
  await ip('link', 'set', outer, 'up');
  await within('addr', 'add', `${network}.2/24`, 'dev', inner);
  await within('link', 'set', inner, 'up');
  await within('link', 'set', 'lo', 'up');
  return {
    gateway: `${network}.1`,
    prefix: ['ip', 'netns', 'exec', id, 'unshare', '--uts', 'sh', '-c', `hostname ${id} && exec "$0" "$@"`],
    cut: () => ip('link', 'set', outer, 'down'),
    rejoin: () => ip('link', 'set', outer, 'up'),
    remove: () => ip('netns', 'delete', id),
  };
}
