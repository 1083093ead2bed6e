import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../config/environment.ts';
import { CancelledError, ConfigError, TransientError } from '../../core/errors.ts';
import type { StepContext, StepOutcome } from '../../core/executor.ts';
import type { CodeAround, KeptCode } from '../code/code-elsewhere.ts';
import { type LoadedCode, receiveCode } from '../code/sent-code.ts';
import type { SensorResult } from '../sensors/definition.ts';
import type { CodeAsk, CodeWord } from './code-message.ts';
import { beatMilliseconds, lifelineDescriptor } from './isolated-lifeline.ts';
import { type EngineMessage, receiveError, type StepMessage } from './isolated-message.ts';
import { keptFlags } from './kept-flags.ts';
import { killGroup } from './process-group.ts';
import { serveStep, type StepService } from './step-service.ts';

/** Longer than any project takes; a file that never comes to its end must not be waited for. */
const longestSeconds = 30;

/** How long it may take to close its connections. */
const endGraceMilliseconds = 5000;

/** As built files lie: see `package-folder.ts`. */
const entry = new URL(`../execution/isolation/code-process${import.meta.url.slice(-3)}`, import.meta.url);

/**
 * Loads the code of a project in a process of its own, which goes on to call its functions: what ends or holds up that process
 * does so to nobody else, and a changed project gets another one.
 * @throws ConfigError naming the file that cannot be loaded
 */
export async function keepCode(projectFolder: string, environment: Environment): Promise<KeptCode> {
  let current = await startProcess(projectFolder, environment);
  let isRetired = false;
  let starting: Promise<CodeProcess> | undefined;
  const restarted = async (): Promise<CodeProcess> => {
    try {
      current = await startProcess(projectFolder, environment);
      if (isRetired) current.retire();
      return current;
    } finally {
      starting = undefined;
    }
  };
  // Of all calls that find the process ended, one starts the next.
  const alive = async (): Promise<CodeProcess> => (current.isAlive() ? current : (starting ??= restarted()));
  const { loaded } = current;
  const { tasks, triggers } = loaded;
  if (tasks.length + triggers.sensors.length === 0) current.retire();
  return {
    ...loaded,
    code: {
      execute: async ({ key, file }, { batch, ...facts }, around, context) => {
        const values = batch && { text: batch.text, count: batch.count, values: [...batch.values()] };
        const { environment: given, lent } = around;
        const work = { key, file, projectFolder, environment: given, lent, facts, batch: values };
        const said = await (await alive()).call(key, { type: 'work', work }, around, context);
        return said as StepOutcome;
      },
      look: async ({ name, file, cursor }, around, signal) => {
        const { environment: given, lent } = around;
        const look = { name, file, cursor, projectFolder, environment: given, lent };
        const context = { signal, log: () => undefined, progress: () => undefined };
        const found = await (
          await alive()
        ).call(`the sensor ${name}`, { type: 'look', look }, around, context);
        return found as SensorResult;
      },
      retire: () => {
        isRetired = true;
        current.retire();
      },
    },
  };
}

interface CodeProcess {
  readonly loaded: LoadedCode;
  isAlive(): boolean;
  call(
    what: string,
    message: CodeAsk['message'],
    around: CodeAround,
    context: Pick<StepContext, 'signal' | 'log' | 'progress' | 'addPartitionKeys'>,
  ): Promise<StepOutcome | SensorResult>;
  retire(): void;
}

interface OpenCall {
  readonly what: string;
  readonly service: StepService;
  readonly result: PromiseWithResolvers<StepOutcome | SensorResult>;
}

async function startProcess(projectFolder: string, environment: Environment): Promise<CodeProcess> {
  const child = spawn(process.execPath, [...keptFlags(), fileURLToPath(entry), projectFolder], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc', 'pipe'],
    serialization: 'advanced',
    // Of a group of its own, so that Ctrl-C is left to the engine.
    detached: true,
    env: environment,
  });
  const calls = new Map<number, OpenCall>();
  const loading = Promise.withResolvers<LoadedCode>();
  let [file, ending, last] = ['', '', 0];
  let isRetired = false;
  const stopBeating = keepAlive(child);
  const endIfIdle = (): void => {
    if (!isRetired || calls.size > 0) return;
    child.kill('SIGTERM');
    setTimeout(() => killGroup(child), endGraceMilliseconds).unref();
  };
  const settle = (call: number, settleCall: (open: OpenCall) => void): void => {
    const open = calls.get(call);
    if (!open) return;
    calls.delete(call);
    open.service.close();
    settleCall(open);
    endIfIdle();
  };
  const hear = (call: number, message: StepMessage): void => {
    if (message.type === 'done') settle(call, ({ result }) => result.resolve(message.outcome));
    else if (message.type === 'failed')
      settle(call, ({ result }) => result.reject(receiveError(message.error)));
    else calls.get(call)?.service.hear(message);
  };
  child.on('message', (word: CodeWord) => {
    if (word.type === 'loading') file = word.file;
    else if (word.type === 'loaded') loading.resolve(receiveCode(word.code));
    else if (word.type === 'unloadable') loading.reject(receiveError(word.error));
    else if (word.type === 'said') hear(word.call, word.message);
    else settle(word.call, ({ result }) => result.resolve(word.result));
  });
  const end = (how: string): void => {
    stopBeating();
    ending = how;
    loading.reject(unloadable(`it ends the process that loads it (${how})`, file));
    for (const call of calls.keys()) settle(call, ({ what, result }) => result.reject(ended(what, how)));
  };
  child.on('error', (error) => end(error.message));
  child.on('exit', (code, signal) => {
    // What it has started ends with it.
    killGroup(child);
    end(signal ?? String(code));
  });
  const timer = setTimeout(() => {
    loading.reject(unloadable(`it goes on for more than ${longestSeconds} s`, file));
    killGroup(child);
  }, longestSeconds * 1000);
  const loaded = await loading.promise.finally(() => clearTimeout(timer));
  child.unref();
  child.channel?.unref();
  return {
    loaded,
    isAlive: () => ending === '',
    call: async (what, message, around, context) => {
      const { signal } = context;
      if (signal.aborted) throw new CancelledError(`${what} was stopped`, { code: 'cancelled' });
      last += 1;
      const call = last;
      const tell = (said: EngineMessage | CodeAsk['message']): void => {
        if (child.connected) child.send({ call, message: said } satisfies CodeAsk, () => undefined);
      };
      const result = Promise.withResolvers<StepOutcome | SensorResult>();
      calls.set(call, { what, result, service: serveStep(context, around.connections, tell) });
      const stop = (): void => tell({ type: 'stop' });
      signal.addEventListener('abort', stop, { once: true });
      tell(message);
      return result.promise.finally(() => signal.removeEventListener('abort', stop));
    },
    retire: () => {
      isRetired = true;
      endIfIdle();
    },
  };
}

/** Lets the process know that its engine is there. Returns how to stop that. */
function keepAlive(child: ChildProcess): () => void {
  const lifeline = child.stdio[lifelineDescriptor] as Socket | undefined;
  lifeline?.on('error', () => undefined);
  lifeline?.unref();
  const beat = setInterval(() => lifeline?.write('.'), beatMilliseconds).unref();
  return () => {
    clearInterval(beat);
    lifeline?.destroy();
  };
}

function unloadable(why: string, file: string): ConfigError {
  return new ConfigError(`cannot be loaded: ${why}`, {
    code: 'module_invalid',
    ...(file === '' ? {} : { origin: { file } }),
    next: 'Let a file only define things; work belongs into the functions that run calls',
  });
}

/** Nobody knows which of its calls has ended it, so all may be tried again. */
function ended(what: string, how: string): TransientError {
  return new TransientError(`the process of the project's code ended (${how}) before ${what} returned`, {
    code: 'code_process_ended',
    state: 'What it had written by then is as it left it.',
    next: "If it is the one that ends it, give it a process of its own: isolation: 'process'",
  });
}
