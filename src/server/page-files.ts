import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import type { Handler } from 'hono';

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.txt': 'text/plain; charset=utf-8',
};

interface PageFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  /** Its name changes with its content, so it may be kept for ever. */
  readonly immutable: boolean;
}

/**
 * Serves the built page out of memory. Every path that is no file is the page itself, since the page
 * routes by path. Only files that were in the folder at the start can be asked for.
 */
export async function pageFiles(folder: string): Promise<Handler> {
  const files = await readPage(folder);
  return (context) => {
    const file = files.get(context.req.path) ?? pageFor(context.req.path, files);
    if (!file) {
      const text = files.has('/index.html')
        ? 'Not found\n'
        : `The page is not built: ${folder} has no index.html.\nNext: npm run build\n`;
      return context.text(text, 404);
    }
    return context.body(file.body, 200, {
      'content-type': file.contentType,
      'cache-control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
  };
}

function pageFor(path: string, files: ReadonlyMap<string, PageFile>): PageFile | undefined {
  return path.startsWith('/assets/') ? undefined : files.get('/index.html');
}

async function readPage(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const address = `/${relative(folder, path).split(sep).join('/')}`;
    files.set(address, {
      body: new Uint8Array(await readFile(path)),
      contentType: contentTypes[extname(path)] ?? 'application/octet-stream',
      immutable: address.startsWith('/assets/'),
    });
  }
  return files;
}
