import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../core/errors.ts';
import { receiveError, type SentError } from './isolated-message.ts';
import { keptFlags } from './kept-flags.ts';

/** What the process that tries it says: which file it loads now, or what is wrong with it. */
export type TrialMessage = { readonly file: string } | { readonly error: SentError };

/** Longer than any project takes; a file that never comes to its end must not be waited for. */
const longestSeconds = 30;

/** As built files lie: see `package-folder.ts`. */
const entry = new URL(`../execution/isolation/trial-process${import.meta.url.slice(-3)}`, import.meta.url);

/**
 * Loads the project's code in a process of its own, so that what ends or holds up that process does so to nobody else.
 * @throws ConfigError naming the file
 */
export async function tryLoading(projectFolder: string): Promise<void> {
  const trial = fork(fileURLToPath(entry), [projectFolder], {
    execArgv: [...keptFlags()],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  let file = '';
  let mistake: SentError | undefined;
  let isTooLong = false;
  trial.on('message', (message: TrialMessage) => {
    if ('file' in message) file = message.file;
    else mistake = message.error;
  });
  const timer = setTimeout(() => {
    isTooLong = true;
    trial.kill('SIGKILL');
  }, longestSeconds * 1000);
  const how = await new Promise<string>((resolve) => {
    trial.on('error', (error) => resolve(error.message));
    trial.on('exit', (code, signal) => resolve(signal ?? String(code)));
  });
  clearTimeout(timer);
  if (mistake) throw receiveError(mistake);
  if (how === '0') return;
  throw new ConfigError(
    isTooLong
      ? `cannot be loaded: it goes on for more than ${longestSeconds} s`
      : `cannot be loaded: it ends the process that loads it (${how})`,
    {
      code: 'module_invalid',
      ...(file === '' ? {} : { origin: { file } }),
      next: 'Let a file only define things; work belongs into the functions that run calls',
    },
  );
}
