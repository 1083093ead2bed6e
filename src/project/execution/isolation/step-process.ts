import { join } from 'node:path';
import { FatalError } from '../../../core/errors.ts';
import type { StepOutcome } from '../../../core/executor.ts';
import { type CodeNode, isCodeNode, nodeKeyOf } from '../../code/code-definitions.ts';
import { callTask } from '../task-executor.ts';
import { importUserModule } from '../../settings/user-modules.ts';
import { watchLifeline } from '../isolated-lifeline.ts';
import {
  type EngineMessage,
  type IsolatedWork,
  receiveError,
  sendError,
  type StepMessage,
} from '../isolated-message.ts';
import type { StepConnections } from './step-connections.ts';

// The process of one attempt at a step with `isolation: 'process'`: it is told its work, does it, says what came of it, and ends.

const stopping = new AbortController();
const adding = new Map<number, PromiseWithResolvers<number>>();
let connections: Promise<StepConnections> | undefined;

watchLifeline();
process.on('message', (message: EngineMessage) => {
  if (message.type === 'work') void work(message.work);
  else if (message.type === 'stop') stopping.abort();
  else if (typeof message.added === 'number') adding.get(message.id)?.resolve(message.added);
  else adding.get(message.id)?.reject(receiveError(message.added));
});

async function work(asked: IsolatedWork): Promise<void> {
  let last: StepMessage;
  try {
    last = { type: 'done', outcome: await callDefinition(asked) };
  } catch (error) {
    last = { type: 'failed', error: sendError(error) };
  }
  // Its connections may stand still; the engine ends this process when it takes too long.
  await connections?.then((open) => open.close()).catch(() => undefined);
  process.send?.(last, () => process.exit(0));
}

async function callDefinition(asked: IsolatedWork): Promise<StepOutcome> {
  const { projectFolder, environment, facts, batch } = asked;
  const definition = await findDefinition(asked);
  let redact = (text: string): string => text;
  const outcome = await callTask(
    definition,
    { file: asked.file },
    { ...facts, batch: batch && { ...batch, values: () => batch.values } },
    {
      environment,
      signal: stopping.signal,
      connection: async (name) => {
        // Loaded when it is needed: most of what a process loads before its first line is this.
        connections ??= import('./step-connections.ts').then((part) =>
          part.openStepConnections(projectFolder, environment),
        );
        const open = await connections;
        redact = (text) => open.redact(text);
        return open.get(name);
      },
      addPartitionKeys: (set, keys) => {
        const id = adding.size;
        const answer = Promise.withResolvers<number>();
        adding.set(id, answer);
        tell({ type: 'addKeys', id, set, keys: [...keys] });
        return answer.promise;
      },
      log: (message, level = 'info') => tell({ type: 'log', message: redact(message), level }),
      progress: (progress) => tell({ type: 'progress', progress }),
    },
  );
  // What cannot be plain data is told here, where the function is.
  return JSON.parse(JSON.stringify(outcome)) as StepOutcome;
}

async function findDefinition({ key, file, projectFolder }: IsolatedWork): Promise<CodeNode> {
  const module = await importUserModule(join(projectFolder, file), projectFolder);
  const found = Object.values(module).find((value) => isCodeNode(value) && nodeKeyOf(value) === key);
  if (isCodeNode(found)) return found;
  throw new FatalError(`${key} is no longer defined`, {
    code: 'task_missing',
    origin: { file },
    next: 'The project has changed since the run was planned; run it again',
  });
}

function tell(message: StepMessage): void {
  process.send?.(message);
}
