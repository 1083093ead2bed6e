import { createWriteStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { cancelled } from '../engine/cancellation.ts';

/** Temporary files that stand in for files which DuckDB cannot read itself. */
export interface Spool {
  /** Writes a new file and gives its path; an error leaves none behind. */
  write(extension: string, parts: AsyncIterable<string | Uint8Array>, signal?: AbortSignal): Promise<string>;
  /** Standard input as a file; it is read once, and kept for as long as the connection is open. */
  standardInput(): Promise<string>;
  remove(paths: readonly string[]): Promise<void>;
  /** A place of that name for a file of one's own. */
  place(name: string): string;
}

let spoolCount = 0;

export function fileSpool(folder: string): Spool {
  spoolCount += 1;
  const prefix = `files-${process.pid}-${spoolCount}`;
  let fileCount = 0;
  let standardInput: Promise<string> | undefined;

  async function write(
    extension: string,
    parts: AsyncIterable<string | Uint8Array>,
    signal?: AbortSignal,
  ): Promise<string> {
    fileCount += 1;
    const path = join(folder, `${prefix}-${fileCount}.${extension}`);
    await mkdir(folder, { recursive: true });
    try {
      await pipeline(Readable.from(inPieces(parts), { objectMode: false }), createWriteStream(path), {
        ...(signal ? { signal } : {}),
      });
      return path;
    } catch (error) {
      await rm(path, { force: true });
      throw signal?.aborted ? cancelled() : error;
    }
  }

  return {
    write,
    standardInput: () => (standardInput ??= write('input', process.stdin as AsyncIterable<Uint8Array>)),
    remove: async (paths) => {
      for (const path of paths) await rm(path, { force: true });
    },
    place: (name) => join(folder, `${prefix}-${name}`),
  };
}

/** The same spool for one piece of work, which may be cancelled and answers for its files. */
export function spoolOf(
  spool: Spool,
  spooled: (path: string) => void,
  signal: AbortSignal | undefined,
): Spool {
  return {
    ...spool,
    write: async (extension, parts) => {
      const path = await spool.write(extension, parts, signal);
      spooled(path);
      return path;
    },
  };
}

const pieceLength = 256 * 1024;

/** Many short texts cost more to write than some long ones. */
async function* inPieces(parts: AsyncIterable<string | Uint8Array>): AsyncGenerator<Buffer> {
  let text = '';
  for await (const part of parts) {
    if (typeof part !== 'string') {
      yield Buffer.from(part.buffer, part.byteOffset, part.byteLength);
      continue;
    }
    text += part;
    if (text.length < pieceLength) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}
