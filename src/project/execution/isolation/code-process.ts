import { join } from 'node:path';
import { sendCode } from '../../code/sent-code.ts';
import { readTasks } from '../../code/tasks.ts';
import { readTriggers } from '../../code/trigger-files.ts';
import { configFileName, readConfigFile } from '../../settings/config-file.ts';
import { filesBelow } from '../../settings/project-files.ts';
import { importUserModule } from '../../settings/user-modules.ts';
import type { CodeAsk, CodeWord } from '../code-message.ts';
import { type EngineMessage, sendError, type StepMessage } from '../isolated-message.ts';
import { createAsking, type Asking } from './asking.ts';
import { lookBySensor, makeAttempt, type Room } from './attempt.ts';
import { watchLifeline } from '../isolated-lifeline.ts';
import type { StepConnections } from './step-connections.ts';

// The process that has a project's code: it loads it, says what it defines, and calls its functions as long as its engine wants it to.

interface Call {
  readonly stopping: AbortController;
  readonly asking: Asking;
}

const [, , projectFolder = '.'] = process.argv;
const calls = new Map<number, Call>();
let connections: Promise<StepConnections> | undefined;

watchLifeline();
process.on('message', ({ call, message }: CodeAsk) => {
  if (message.type === 'work' || message.type === 'look') void begin(call, message);
  else if (message.type === 'stop') calls.get(call)?.stopping.abort();
  else calls.get(call)?.asking.hear(message.id, message.answer);
});
process.once('SIGTERM', () => {
  const closing = connections?.then((open) => open.close()).catch(() => undefined);
  void (closing ?? Promise.resolve()).then(() => process.exit(0));
});
await load();

async function load(): Promise<void> {
  try {
    await tell({ type: 'loading', file: configFileName });
    const definition = await readConfigFile(projectFolder);
    for (const folder of ['assets', 'connectors']) {
      for (const file of await filesBelow(projectFolder, folder, ['.ts', '.js', '.mjs'])) {
        const isImportedOnly = folder === 'connectors' && file.split('/').length > 2;
        if (isImportedOnly || /\.(test|d)\.ts$/.test(file)) continue;
        await tell({ type: 'loading', file });
        await importUserModule(join(projectFolder, file), projectFolder);
      }
    }
    const code = {
      definition,
      tasks: await readTasks(projectFolder),
      triggers: await readTriggers(projectFolder),
    };
    await tell({ type: 'loaded', code: sendCode(code) });
  } catch (error) {
    await tell({ type: 'unloadable', error: sendError(error) });
    process.exit(1);
  }
}

async function begin(
  call: number,
  message: Extract<EngineMessage, { type: 'work' }> | Extract<CodeAsk['message'], { type: 'look' }>,
): Promise<void> {
  const say = (said: StepMessage): void => void tell({ type: 'said', call, message: said });
  const stopping = new AbortController();
  const asking = createAsking(say);
  calls.set(call, { stopping, asking });
  const { environment } = message.type === 'work' ? message.work : message.look;
  const room: Room = {
    signal: stopping.signal,
    asking,
    connections: () =>
      (connections ??= import('./step-connections.ts').then((part) =>
        part.openStepConnections(projectFolder, environment),
      )),
    tell: say,
  };
  try {
    if (message.type === 'work') say({ type: 'done', outcome: await makeAttempt(message.work, room) });
    else await tell({ type: 'looked', call, result: await lookBySensor(message.look, room) });
  } catch (error) {
    say({ type: 'failed', error: sendError(error) });
  } finally {
    calls.delete(call);
  }
}

function tell(word: CodeWord): Promise<void> {
  return new Promise((resolve) => process.send?.(word, () => resolve()));
}
