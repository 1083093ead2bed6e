import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const sources = [join(repository, 'web'), join(repository, 'src', 'server', 'contract.ts')];

/** Folder of the built page; builds it first when it is missing or older than its sources. */
export async function builtPageFolder(): Promise<string> {
  const folder = join(repository, 'dist', 'web');
  const builtMs = await modifiedMs(join(folder, 'index.html'));
  const changedMs = Math.max(...(await Promise.all(sources.map(newestMs))));
  if (builtMs < changedMs) await buildBeside(folder);
  return folder;
}

/** Several test files may find the page stale at once; each builds its own, the last one stays. */
async function buildBeside(folder: string): Promise<void> {
  const beside = `${folder}.${process.pid}`;
  await build({
    root: join(repository, 'web'),
    logLevel: 'warn',
    build: { outDir: beside, emptyOutDir: true },
  });
  await rm(folder, { recursive: true, force: true });
  await rename(beside, folder).catch(async (error: unknown) => {
    await rm(beside, { recursive: true, force: true });
    if ((await modifiedMs(join(folder, 'index.html'))) === 0) throw error;
  });
}

async function newestMs(path: string): Promise<number> {
  const status = await stat(path);
  if (!status.isDirectory()) return status.mtimeMs;
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'));
  return Math.max(...(await Promise.all(files.map((file) => modifiedMs(join(file.parentPath, file.name))))));
}

/** 0 for a file that is not there. */
async function modifiedMs(path: string): Promise<number> {
  return await stat(path).then(
    (status) => status.mtimeMs,
    () => 0,
  );
}
