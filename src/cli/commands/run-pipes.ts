import { createReadStream, createWriteStream, fstatSync } from 'node:fs';
import { mkdtemp, open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parse } from 'yaml';
import { ConfigError } from '../../core/errors.ts';
import type { RunCommandOptions } from './run-options.ts';

/** Standard input and output as ends of a load. They go through files, because types are inferred over all rows. */
export interface RunPipes {
  /** The flags, with files in place of the pipes. */
  readonly options: RunCommandOptions;
  /** There is nothing in standard input, not even a header. */
  readonly isEmpty: boolean;
  /** Writes what was loaded to standard output. */
  flush(): Promise<void>;
  remove(): Promise<void>;
}

const extensions = { csv: 'csv', json: 'json', jsonlines: 'jsonl', jsonl: 'jsonl', parquet: 'parquet' };

export async function openPipes(options: RunCommandOptions): Promise<RunPipes> {
  const writesOutput = options.stdout === true;
  const hasTarget = options.tgtObject !== undefined || writesOutput;
  const readsInput = hasTarget && options.srcConn === undefined && isInput(options.srcStream) && isPiped();
  if (!readsInput && !writesOutput) {
    return { options, isEmpty: false, flush: async () => undefined, remove: async () => undefined };
  }
  if (writesOutput) requireOneStream(options);
  const folder = await mkdtemp(join(tmpdir(), 'millrace-pipe-'));
  const output = join(folder, `stdout.${extensionOf('--tgt-options', options.tgtOptions) ?? 'csv'}`);
  const input = readsInput ? await keepInput(folder, extensionOf('--src-options', options.srcOptions)) : '';
  return {
    isEmpty: readsInput && (await isBlank(input)),
    options: {
      ...absoluteFiles(options),
      localFolder: folder,
      ...(readsInput ? { srcConn: 'LOCAL', srcStream: `file://${input}` } : {}),
      ...(writesOutput ? { tgtConn: 'LOCAL', tgtObject: `file://${output}`, mode: options.mode ?? 'full-refresh', assetKey: 'stdout' } : {}), // prettier-ignore
    },
    flush: async () => {
      if (!writesOutput) return;
      await pipeline(createReadStream(output), process.stdout, { end: false });
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Keeps standard input in a file that is named after what it is: as its options say, or as it begins. */
async function keepInput(folder: string, extension: string | undefined): Promise<string> {
  const draft = join(folder, 'stdin');
  await pipeline(process.stdin, createWriteStream(draft));
  const start = await readStart(draft);
  const kept = `${draft}.${extension ?? guessed(start)}${compressionOf(start)}`;
  await rename(draft, kept);
  return kept;
}

async function isBlank(path: string): Promise<boolean> {
  return (await readStart(path)).toString('utf8').trim() === '';
}

async function readStart(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(4096), 0, 4096, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Records begin with a brace or a bracket. */
function guessed(start: Buffer): string {
  return /^(?:\uFEFF)?\s*[[{]/.test(start.toString('utf8')) ? 'json' : 'csv';
}

const compressions: readonly (readonly [string, string])[] = [
  ['1f8b', '.gz'],
  ['28b52ffd', '.zst'],
];

function compressionOf(start: Buffer): string {
  const hex = start.toString('hex', 0, 4);
  return compressions.find(([magic]) => hex.startsWith(magic))?.[1] ?? '';
}

/** Files at the other end stay where they are. */
function absoluteFiles(options: RunCommandOptions): RunCommandOptions {
  const { srcConn, srcStream, tgtConn, tgtObject } = options;
  const isLocal = (connection = 'LOCAL'): boolean => connection.toUpperCase() === 'LOCAL';
  return {
    ...options,
    ...(isLocal(srcConn) && srcStream !== undefined ? { srcStream: absolute(srcStream) } : {}),
    ...(isLocal(tgtConn) && tgtObject !== undefined ? { tgtObject: absolute(tgtObject) } : {}),
  };
}

function absolute(name: string): string {
  return /^file:\/\/[^/]/.test(name) ? `file://${resolve(name.slice('file://'.length))}` : name;
}

/** True when something is piped in or redirected from a file; a shell in the background has neither. */
function isPiped(): boolean {
  try {
    const input = fstatSync(0);
    return input.isFIFO() || input.isFile() || input.isSocket();
  } catch {
    return false;
  }
}

function isInput(stream: string | undefined): boolean {
  return stream === undefined || stream === '-' || stream === 'stdin';
}

function requireOneStream(options: RunCommandOptions): void {
  if (options.json) throw stdoutTaken('--json');
  if (options.tgtConn !== undefined || options.tgtObject !== undefined) throw stdoutTaken('--tgt-conn');
  if (options.replication !== undefined || options.directory !== undefined) throw stdoutTaken('-r');
}

function stdoutTaken(flag: string): ConfigError {
  return new ConfigError(`--stdout and ${flag} cannot be used together`, {
    code: 'flag_invalid',
    next: 'millrace run --src-conn A --src-stream schema.table --stdout',
  });
}

/** Undefined when the options say no format. */
function extensionOf(flag: string, text: string | undefined): string | undefined {
  const options = text === undefined ? undefined : (parse(text) as { format?: unknown } | null);
  const format = options?.format;
  if (typeof format !== 'string') return undefined;
  const extension = (extensions as Readonly<Record<string, string>>)[format];
  if (extension !== undefined) return extension;
  throw new ConfigError(`${flag}: the format '${format}' cannot go through a pipe`, {
    code: 'flag_invalid',
    next: `Use one of ${Object.keys(extensions).join(', ')}`,
  });
}
