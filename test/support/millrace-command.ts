import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Nobody's own connections, in ~/.sling or ~/.dbt, are to be found by a test. */
const emptyHome = mkdtempSync(join(tmpdir(), 'millrace-home-'));
process.once('exit', () => rmSync(emptyHome, { recursive: true, force: true }));

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface CommandOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** A command that runs the one which follows it, such as `ip netns exec name`. */
  readonly prefix?: readonly string[];
}

export interface CommandResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `millrace` command, straight from the sources. */
export interface RunningCommand {
  readonly child: ChildProcess;
  readonly result: Promise<CommandResult>;
}

export function startMillrace(args: readonly string[], options: CommandOptions): RunningCommand {
  const node = [process.execPath, '--conditions=@millrace/source', main, ...args];
  const [file = process.execPath, ...rest] = [...(options.prefix ?? []), ...node];
  const child = spawn(file, rest, {
    cwd: options.cwd,
    env: { ...process.env, HOME: emptyHome, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const result = new Promise<CommandResult>((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    );
  });
  return { child, result };
}

export function millrace(args: readonly string[], options: CommandOptions): Promise<CommandResult> {
  return startMillrace(args, options).result;
}

/** Runs a command with `--json` that must succeed, and gives what it printed. */
export async function millraceJson<T>(args: readonly string[], options: CommandOptions): Promise<T> {
  const result = await millrace([...args, '--json'], options);
  if (result.code !== 0)
    throw new Error(
      `millrace ${args.join(' ')} ended with ${result.code}\n${result.stdout}\n${result.stderr}`,
    );
  return JSON.parse(result.stdout) as T;
}
