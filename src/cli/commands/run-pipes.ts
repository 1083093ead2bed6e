import { createReadStream, createWriteStream, fstatSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
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
    return { options, flush: async () => undefined, remove: async () => undefined };
  }
  if (writesOutput) requireOneStream(options);
  const folder = await mkdtemp(join(tmpdir(), 'millrace-pipe-'));
  const input = `stdin.${extensionOf('--src-options', options.srcOptions)}`;
  const output = `stdout.${extensionOf('--tgt-options', options.tgtOptions)}`;
  if (readsInput) await pipeline(process.stdin, createWriteStream(join(folder, input)));
  return {
    options: {
      ...absoluteFiles(options),
      localFolder: folder,
      ...(readsInput ? { srcConn: 'LOCAL', srcStream: `file://${join(folder, input)}` } : {}),
      ...(writesOutput ? { tgtConn: 'LOCAL', tgtObject: `file://${output}`, mode: options.mode ?? 'full-refresh' } : {}), // prettier-ignore
    },
    flush: async () => {
      if (!writesOutput) return;
      await pipeline(createReadStream(join(folder, output)), process.stdout, { end: false });
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
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

function extensionOf(flag: string, text: string | undefined): string {
  const options = text === undefined ? undefined : (parse(text) as { format?: unknown } | null);
  const format = typeof options?.format === 'string' ? options.format : 'csv';
  const extension = (extensions as Readonly<Record<string, string>>)[format];
  if (extension !== undefined) return extension;
  throw new ConfigError(`${flag}: the format '${format}' cannot go through a pipe`, {
    code: 'flag_invalid',
    next: `Use one of ${Object.keys(extensions).join(', ')}`,
  });
}
