import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { watchFolders } from './folder-watch.ts';

let folder: string;
let stop: () => void;
let seen: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-folders-'));
  await mkdir(join(folder, 'models'));
  await mkdir(join(folder, 'target'));
  seen = [];
  stop = watchFolders(
    folder,
    (path) => path.startsWith('target'),
    (path) => seen.push(path),
    (error) => expect.fail(String(error)),
  );
});
afterEach(async () => {
  stop();
  await rm(folder, { recursive: true });
});

async function sees(path: string, work: () => Promise<void>): Promise<void> {
  seen.length = 0;
  await work();
  await vi.waitFor(() => expect(seen).toContain(path), { timeout: 10_000 });
}

it('a file that is replaced is seen each time', async () => {
  for (const text of ['1', '2', '3', '4', '5']) {
    await sees('models/a.sql', async () => {
      await writeFile(join(folder, 'a.new'), text);
      await rename(join(folder, 'a.new'), join(folder, 'models', 'a.sql'));
    });
  }
});

it('folders that are new are looked into, and what came with them is seen', async () => {
  await sees('marts/deep/b.sql', async () => {
    await mkdir(join(folder, 'marts', 'deep'), { recursive: true });
    await writeFile(join(folder, 'marts', 'deep', 'b.sql'), '1');
  });
  await sees('marts/deep/b.sql', () => writeFile(join(folder, 'marts', 'deep', 'b.sql'), '2'));
});

it('what is skipped is not seen', async () => {
  await writeFile(join(folder, 'target', 'made.json'), '1');
  await sees('end', () => writeFile(join(folder, 'end'), ''));
  expect(seen.filter((path) => path.startsWith('target'))).toEqual([]);
});
