import { mkdtemp, readFile, rm, writeFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { millrace } from './millrace-command.ts';

/** A project made by `millrace init`, in a folder of its own. */
export interface NewProject {
  readonly folder: string;
  readonly write: (path: string, content: string | Uint8Array) => Promise<void>;
  /** Replaces text that must be there. */
  readonly edit: (path: string, from: string, to: string) => Promise<void>;
  remove(): Promise<void>;
}

export async function newProject(): Promise<NewProject> {
  const parent = await mkdtemp(join(tmpdir(), 'millrace-project-'));
  const folder = join(parent, 'shop');
  const made = await millrace(['init', 'shop'], { cwd: parent });
  if (made.code !== 0) throw new Error(made.stderr);
  const write = async (path: string, content: string | Uint8Array): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  };
  return {
    folder,
    write,
    edit: async (path, from, to) => {
      const text = await readFile(join(folder, path), 'utf8');
      if (!text.includes(from)) throw new Error(`${path} does not hold ${from}`);
      await write(path, text.replace(from, to));
    },
    remove: () => rm(parent, { recursive: true, force: true }),
  };
}
