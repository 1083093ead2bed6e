import { watchLifeline } from '../isolated-lifeline.ts';
import { type EngineMessage, type IsolatedWork, sendError, type StepMessage } from '../isolated-message.ts';
import { createAsking } from './asking.ts';
import { makeAttempt } from './attempt.ts';
import type { StepConnections } from './step-connections.ts';

// The process of one attempt at a step with `isolation: 'process'`: it is told its work, does it, says what came of it, and ends.

const stopping = new AbortController();
const asking = createAsking(tell);
let connections: Promise<StepConnections> | undefined;

watchLifeline();
process.on('message', (message: EngineMessage) => {
  if (message.type === 'work') void work(message.work);
  else if (message.type === 'stop') stopping.abort();
  else if (message.type === 'answer') asking.hear(message.id, message.answer);
});

async function work(asked: IsolatedWork): Promise<void> {
  const { projectFolder, environment } = asked;
  // Loaded when it is needed: most of what a process loads before its first line is this.
  const open = (): Promise<StepConnections> =>
    (connections ??= import('./step-connections.ts').then((part) =>
      part.openStepConnections(projectFolder, environment),
    ));
  let last: StepMessage;
  try {
    const room = { signal: stopping.signal, asking, connections: open, tell };
    last = { type: 'done', outcome: await makeAttempt(asked, room) };
  } catch (error) {
    last = { type: 'failed', error: sendError(error) };
  }
  // Its connections may stand still; the engine ends this process when it takes too long.
  await connections?.then((found) => found.close()).catch(() => undefined);
  process.send?.(last, () => process.exit(0));
}

function tell(message: StepMessage): void {
  process.send?.(message);
}
