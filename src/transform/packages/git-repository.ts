import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ConfigError, TransientError } from '../../core/errors.ts';
import { withoutSecrets } from './hub.ts';

const run = promisify(execFile);
const timeoutMs = 300_000;
const commitHash = /^[0-9a-f]{40}$/;

/** Commit that a branch, a tag or `HEAD` of a repository stands for; a full commit hash stands for itself. */
export async function resolveRevision(url: string, revision: string): Promise<string> {
  if (commitHash.test(revision)) return revision;
  const { stdout } = await git(['ls-remote', '--', url, revision, `refs/tags/${revision}^{}`], url);
  const lines = stdout
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([hash, name]) => hash && name);
  const peeled = lines.find(([, name]) => name?.endsWith('^{}'));
  const exact = lines.find(([, name]) =>
    [revision, `refs/heads/${revision}`, `refs/tags/${revision}`].includes(name ?? ''),
  );
  const hash = peeled?.[0] ?? exact?.[0] ?? lines[0]?.[0];
  if (hash !== undefined) return hash;
  if (/^[0-9a-f]{7,39}$/.test(revision)) return revision;
  throw new ConfigError(`${withoutSecrets(url)} has no branch or tag "${revision}"`, {
    code: 'revision_missing',
  });
}

/** Puts the files of a commit into `folder`, which must not exist. */
export async function checkOut(url: string, commit: string, folder: string): Promise<void> {
  await git(['clone', '--quiet', '--no-checkout', '--', url, folder], url);
  try {
    await git(['-C', folder, 'checkout', '--quiet', '--detach', commit], url);
  } catch (error) {
    if (!(error instanceof TransientError)) throw error;
    await git(['-C', folder, 'fetch', '--quiet', 'origin', commit], url);
    await git(['-C', folder, 'checkout', '--quiet', '--detach', 'FETCH_HEAD'], url);
  }
}

async function git(args: readonly string[], url: string): Promise<{ readonly stdout: string }> {
  if (url.startsWith('-')) throw new ConfigError(`"${url}" is no repository`, { code: 'package_invalid' });
  try {
    return await run('git', [...args], {
      timeout: timeoutMs,
      maxBuffer: 64 * 1024 * 1024,
      env: { ...process.env, GIT_TERMINAL_PROMPT: '0' },
    });
  } catch (cause) {
    const { code, stderr } = cause as NodeJS.ErrnoException & { readonly stderr?: string };
    if (code === 'ENOENT') {
      throw new ConfigError('git is not installed', {
        code: 'git_missing',
        next: 'Install git, or use packages of the hub.',
        cause,
      });
    }
    const reason = withoutSecrets((stderr ?? '').trim().split('\n').at(-1) ?? '');
    throw new TransientError(`git cannot read ${withoutSecrets(url)}: ${reason}`, { code: 'git_failed' });
  }
}
