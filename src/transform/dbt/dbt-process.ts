import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { FatalError } from '../../core/errors.ts';

/** How long dbt may take to cancel its queries before it is killed. */
const cancelGraceMs = 20_000;
/** The same once Millrace has died: dbt cannot write to it any more, and may hang on that. */
const orphanGraceSeconds = 3;

export interface DbtCall {
  /** Absolute path of the executable. */
  readonly path: string;
  readonly folder: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  onLine(line: string): void;
}

export interface DbtExit {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: string | null;
  /** The end of what it wrote to standard error. */
  readonly complaint: string;
}

export interface DbtProcess {
  readonly pid: number;
  /** Settles when it has ended and all its lines were read. */
  readonly exit: Promise<DbtExit>;
  /** Lets it cancel what it is doing, and kills it when that takes too long. */
  cancel(): void;
}

/** Starts dbt. It does not outlive this process: see `keeper`. */
export async function startDbt(call: DbtCall): Promise<DbtProcess> {
  const { command, args } = commandOf(call);
  const child = spawn(command, args, {
    cwd: call.folder,
    env: { ...call.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    // Ctrl-C in a terminal goes to the foreground group; it is Millrace that tells dbt.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(unstartable(call.path, error)));
  });
  child.stdin.on('error', () => undefined);
  const lines = readLines(child, (line) => call.onLine(line));
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-maxComplaint);
  });
  const ended = new Promise<Pick<DbtExit, 'code' | 'signal'>>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  let killing: NodeJS.Timeout | undefined;
  return {
    pid: child.pid ?? 0,
    exit: Promise.all([ended, lines]).then(([{ code, signal }]) => {
      clearTimeout(killing);
      child.stdin.destroy();
      return { code, signal, complaint: complaint.trim() };
    }),
    cancel: () => {
      if (killing) return;
      tell(child, 'SIGINT');
      killing = setTimeout(() => tell(child, 'SIGKILL'), cancelGraceMs);
    },
  };
}

const maxComplaint = 4000;

/**
 * A shell that becomes dbt, and a watcher beside it: standard input is a pipe from this process, and when that closes
 * because this process has died, the watcher interrupts dbt. Otherwise a dbt that nobody reads would go on writing while
 * the run is continued elsewhere.
 */
const keeper = `
( cat <&3 >/dev/null
  kill -INT $$ 2>/dev/null && sleep ${orphanGraceSeconds} && kill -KILL $$
) </dev/null >/dev/null 2>&1 &
exec "$0" "$@" 3<&- </dev/null`;

function commandOf({ path, arguments: given }: DbtCall): {
  readonly command: string;
  readonly args: readonly string[];
} {
  if (process.platform === 'win32') return { command: path, args: given };
  return { command: '/bin/sh', args: ['-c', `exec 3<&0; ${keeper}`, path, ...given] };
}

async function readLines(child: ChildProcess, onLine: (line: string) => void): Promise<void> {
  if (!child.stdout) return;
  for await (const line of createInterface({ input: child.stdout, crlfDelay: Infinity })) onLine(line);
}

/** Signals the whole group: dbt may have started others. */
function tell(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(signal === 'SIGKILL' ? -child.pid : child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function unstartable(path: string, cause: unknown): FatalError {
  return new FatalError(`dbt cannot be started: ${path} (${(cause as NodeJS.ErrnoException).code})`, {
    code: 'dbt_unstartable',
    cause,
  });
}
