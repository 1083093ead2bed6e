import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { createInterface, type Interface } from 'node:readline';
import { pipeline } from 'node:stream/promises';
import { ConfigError } from '../../core/errors.ts';
import { isOwnershipLive } from '../../engine/index.ts';
import { ledgerPlace, openLedger } from '../../project/session/session.ts';
import { openArchive, readArchiveLines, toArchiveLines } from '../../store/index.ts';
import { projectFolder, type Place } from './open-project.ts';
import { formatCount, printJson, printLine } from '../terminal/output.ts';

/** `-` is standard output or input. */
interface ArchiveOptions extends Place {
  readonly file: string;
  readonly json: boolean;
}

/** Writes all that the ledger remembers into a file. Runs may go on: it is of one state of the ledger. */
export async function exportLedger({ file, json, ...place }: ArchiveOptions): Promise<void> {
  const archive = await openArchive(await ledgerPlace(await projectFolder(place)));
  let lines = 0;
  const counted = async function* (): AsyncIterable<string> {
    for await (const line of toArchiveLines(archive.read(), Date.now())) {
      lines += 1;
      yield line;
    }
  };
  try {
    if (file === '-') return await toStandardOutput(counted());
    // Whoever finds the file finds all of it.
    const beside = `${file}.${process.pid}.part`;
    try {
      await pipeline(counted(), createWriteStream(beside, { mode: 0o600 }));
      await rename(beside, file);
    } finally {
      await rm(beside, { force: true });
    }
  } catch (error) {
    throw fileError(error, file);
  } finally {
    await archive.close();
  }
  if (json) printJson({ file, rows: lines - 2 });
  else printLine(`${formatCount(lines - 2)} rows in ${file}. Next: millrace ledger import ${file}`);
}

async function toStandardOutput(lines: AsyncIterable<string>): Promise<void> {
  for await (const line of lines) if (!process.stdout.write(line)) await once(process.stdout, 'drain');
}

/** Makes the ledger what a file says. Nobody may own the project meanwhile. */
export async function importLedger(
  options: ArchiveOptions & { readonly isReplacing: boolean },
): Promise<void> {
  const { file, json, isReplacing } = options;
  const folder = await projectFolder(options);
  await requireNoOwner(folder);
  const lines = await openLines(file);
  const archive = await openArchive(await ledgerPlace(folder));
  try {
    const runs = await archive.write(readArchiveLines(lines, file), isReplacing);
    if (json) printJson({ file, runs });
    else printLine(`The ledger has ${formatCount(runs)} runs now. Next: millrace runs`);
  } finally {
    lines.close();
    await archive.close();
  }
}

async function openLines(file: string): Promise<Interface> {
  if (file === '-') return createInterface({ input: process.stdin, crlfDelay: Infinity });
  try {
    return (await open(file)).readLines();
  } catch (error) {
    throw fileError(error, file);
  }
}

async function requireNoOwner(folder: string): Promise<void> {
  const ledger = await openLedger(folder);
  try {
    const { holder } = await ledger.readOwnership();
    if (!holder || !isOwnershipLive(holder, Date.now())) return;
    throw new ConfigError(`${holder.owner} is at work in this project`, {
      code: 'project_owned',
      state: 'Nothing was changed.',
      next: 'End it (millrace dev, millrace run), then import again',
    });
  } finally {
    await ledger.close();
  }
}

function fileError(error: unknown, file: string): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === undefined || path === undefined) return error;
  return new ConfigError(`${file} cannot be read or written (${code})`, {
    code: 'file_unreadable',
    state: 'Nothing was changed.',
    cause: error,
  });
}
