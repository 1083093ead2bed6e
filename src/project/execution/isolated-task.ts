import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../config/environment.ts';
import type { ConnectionProvider } from '../../connector/connection.ts';
import { CancelledError, FatalError, type MillraceError, TransientError } from '../../core/errors.ts';
import type { StepContext, StepOutcome } from '../../core/executor.ts';
import { beatMilliseconds, lifelineDescriptor } from './isolated-lifeline.ts';
import { type EngineMessage, type IsolatedWork, receiveError, type StepMessage } from './isolated-message.ts';
import { keptFlags } from './kept-flags.ts';
import { eachLine } from './output-lines.ts';
import { killGroup } from './process-group.ts';
import { serveStep } from './step-service.ts';
import type { TaskFacts } from '../code/task-facts.ts';

/** Who is to work in a process of its own. */
export interface Isolation {
  /** Of the node. */
  readonly key: string;
  readonly file: string;
  readonly projectFolder: string;
  readonly memoryMegabytes: number | undefined;
  /** See `CodePlace`. */
  readonly lent: readonly string[];
}

/** How long a step that was stopped may go on before its process is ended: less than the engine waits for it. */
const stopGraceMilliseconds = 5000;

const memoryCheckMilliseconds = 250;

/** As built files lie: see `package-folder.ts`. */
const entry = new URL(`../execution/isolation/step-process${import.meta.url.slice(-3)}`, import.meta.url);

/**
 * Does one attempt in a process of its own and says what came of it. However that process ends, this one goes on: what
 * it could not say itself is a `FatalError` with code `step_process_ended` or `step_out_of_memory`. What it prints is logged.
 */
export async function executeIsolated(
  isolation: Isolation,
  { batch, ...facts }: TaskFacts,
  environment: Environment,
  connections: ConnectionProvider,
  context: StepContext,
): Promise<StepOutcome> {
  const { key, file, projectFolder, lent } = isolation;
  const child = spawn(process.execPath, [...nodeFlags(isolation), fileURLToPath(entry)], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc', 'pipe'],
    serialization: 'advanced',
    // Of a group of its own, so that what it starts can be ended with it, and Ctrl-C is left to the engine.
    detached: true,
    env: environment,
  });
  const values = batch && { text: batch.text, count: batch.count, values: [...batch.values()] };
  const work: IsolatedWork = { key, file, projectFolder, environment, lent, facts, batch: values };
  const ending = await watch(child, isolation, work, connections, context);
  if (ending.said?.type === 'done') return ending.said.outcome;
  if (ending.said?.type === 'failed') throw receiveError(ending.said.error);
  if (context.signal.aborted) throw new CancelledError(`${key} was stopped`, { code: 'cancelled' });
  throw endedByItself(isolation, ending);
}

interface Ending {
  readonly said: StepMessage | undefined;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly spawnError: Error | undefined;
  readonly isOutOfMemory: boolean;
}

/** Serves the process until it has ended and all that it has printed is logged. */
function watch(
  child: ChildProcess,
  { memoryMegabytes }: Isolation,
  work: IsolatedWork,
  connections: ConnectionProvider,
  context: StepContext,
): Promise<Ending> {
  let said: StepMessage | undefined;
  let isOutOfMemory = false;
  let killTimer: NodeJS.Timeout | undefined;
  const kill = (): void => killGroup(child);
  const tell = (message: EngineMessage): void => {
    if (child.connected) child.send(message, () => undefined);
  };
  const service = serveStep(context, connections, tell);
  const stop = (): void => {
    tell({ type: 'stop' });
    killTimer ??= setTimeout(kill, stopGraceMilliseconds);
  };
  const lifeline = child.stdio[lifelineDescriptor] as Writable | undefined;
  lifeline?.on('error', () => undefined);
  const beat = setInterval(() => lifeline?.write('.'), beatMilliseconds);
  const scale =
    memoryMegabytes === undefined
      ? undefined
      : setInterval(() => {
          if (residentMegabytes(child.pid) <= memoryMegabytes) return;
          isOutOfMemory = true;
          kill();
        }, memoryCheckMilliseconds);

  child.on('message', (message: StepMessage) => {
    service.hear(message);
    if (message.type !== 'done' && message.type !== 'failed') return;
    said = message;
    killTimer ??= setTimeout(kill, stopGraceMilliseconds);
  });
  eachLine(child.stdout as Readable, (line) => context.log(line));
  eachLine(child.stderr as Readable, (line) => {
    isOutOfMemory ||= line.includes('JavaScript heap out of memory');
    context.log(line, 'warn');
  });
  context.signal.addEventListener('abort', stop);
  if (context.signal.aborted) stop();
  tell({ type: 'work', work });

  return new Promise((resolve) => {
    const end = (code: number | null, signal: NodeJS.Signals | null, spawnError?: Error): void => {
      context.signal.removeEventListener('abort', stop);
      clearInterval(beat);
      clearInterval(scale);
      clearTimeout(killTimer);
      lifeline?.destroy();
      service.close();
      resolve({ said, code, signal, spawnError, isOutOfMemory });
    };
    child.on('error', (error) => end(null, null, error));
    // What it has started may hold its output open.
    child.on('exit', kill);
    child.on('close', (code, signal) => end(code, signal));
  });
}

/** 0 where the system does not tell: there, only the memory of JavaScript is limited. */
function residentMegabytes(pid: number | undefined): number {
  try {
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(resident ?? 0) / 1024;
  } catch {
    return 0;
  }
}

function nodeFlags({ memoryMegabytes }: Isolation): readonly string[] {
  const kept = keptFlags();
  return memoryMegabytes === undefined ? kept : [...kept, `--max-old-space-size=${memoryMegabytes}`];
}

function endedByItself({ key, memoryMegabytes }: Isolation, ending: Ending): MillraceError {
  if (ending.spawnError) {
    return new TransientError(`no process could be started for ${key}: ${ending.spawnError.message}`, {
      code: 'step_process_unstartable',
      state: 'Its function was not called.',
    });
  }
  const state = 'What it had written by then is as it left it; nothing else was harmed.';
  if (ending.isOutOfMemory) {
    const limit =
      memoryMegabytes === undefined ? 'Node gives a process' : `its limit of ${memoryMegabytes} MB`;
    return new FatalError(`${key} needed more memory than ${limit}`, {
      code: 'step_out_of_memory',
      state,
      next: 'Let it work in smaller parts, or give it more memoryMegabytes',
    });
  }
  const how = ending.signal ? `was ended by ${ending.signal}` : `ended with code ${ending.code}`;
  return new FatalError(`the process of ${key} ${how} before its function returned`, {
    code: 'step_process_ended',
    state,
    next: 'Look at the last lines of its log: millrace runs show last --logs',
  });
}
