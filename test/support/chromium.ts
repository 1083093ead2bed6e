import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/**
 * Path of a Chromium: the one that `CHROME_PATH` names, one in `PATH`, or Debian's package, which is
 * installed when this user may do so. Undefined when there is none to be had.
 */
export async function findChromium(): Promise<string | undefined> {
  const known = process.env['CHROME_PATH'] ?? (await findInPath());
  if (known !== undefined || !(await canInstall())) return known;
  try {
    await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], aptOptions);
  } catch {
    await run('apt-get', ['update'], aptOptions);
    await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], aptOptions);
  }
  return await findInPath();
}

const aptOptions = {
  env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  maxBuffer: 64 * 1024 * 1024,
};

async function canInstall(): Promise<boolean> {
  return process.getuid?.() === 0 && (await isExecutable('/usr/bin/apt-get'));
}

async function findInPath(): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of names) {
      if (await isExecutable(join(folder, name))) return join(folder, name);
    }
  }
  return undefined;
}

async function isExecutable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
