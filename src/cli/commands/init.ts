import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { ConfigError } from '../../core/errors.ts';
import { packageFolder } from '../../project/settings/package-folder.ts';
import { printJson, printLine } from '../terminal/output.ts';

const templateFolder = join(packageFolder, 'templates', 'project');

export interface InitOptions {
  readonly folder: string;
  readonly json: boolean;
}

/** Makes a small project that runs: a CSV, a replication, a model with tests, a report. */
export async function init(options: InitOptions): Promise<void> {
  const folder = resolve(options.folder);
  const present = await readdir(folder).catch(() => []);
  if (present.some((name) => !name.startsWith('.'))) {
    throw new ConfigError(`${options.folder} is not empty`, {
      code: 'folder_not_empty',
      state: 'Nothing was written.',
      next: 'Choose a new folder: millrace init my-project',
    });
  }
  const name = basename(folder);
  const identifier = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]/g, '_')
    .replace(/^(?=\d|$)/, 'p');
  const written: string[] = [];
  for (const entry of await readdir(templateFolder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const path = relative(templateFolder, source).replace(/^gitignore$/, '.gitignore');
    const text = await readFile(source, 'utf8');
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(
      join(folder, path),
      text.replaceAll('__NAME__', name).replaceAll('__IDENTIFIER__', identifier),
    );
    written.push(path);
  }
  written.sort();
  if (options.json) printJson({ folder, files: written });
  else {
    printLine(`Made a project in ${folder}:`);
    for (const path of written) printLine(`  ${path}`);
    printLine(`Next: ${options.folder === '.' ? '' : `cd ${options.folder} && `}millrace run`);
  }
}
