import { access, constants, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ConfigError } from '../../core/errors.ts';
import type { DbtSettings } from './dbt-settings.ts';

/** Absolute path of the dbt to run. Throws a ConfigError when there is none. */
export async function findDbt({ path, environment }: DbtSettings): Promise<string> {
  const isName = !/[/\\]/.test(path);
  const folders = isName
    ? (environment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '')
    : [''];
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  for (const folder of folders) {
    for (const ending of endings) {
      const candidate = join(folder, path + ending);
      if (await isExecutable(candidate)) return candidate;
    }
  }
  throw new ConfigError(
    isName ? `there is no "${path}" on PATH to build the models` : `${path} cannot be run as dbt`,
    {
      code: 'dbt_missing',
      state: 'Nothing was run.',
      next: "Install dbt, or name it in transform.dbt.path; or take executor: 'dbt' out, and Millrace builds the models itself.",
    },
  );
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false;
  }
}
