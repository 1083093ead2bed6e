import type { ConnectionProvider } from '../../connector/connection.ts';
import type { StepContext } from '../../core/executor.ts';
import { createDatabaseLender } from './database-lender.ts';
import { type EngineMessage, sendError, type StepMessage } from './isolated-message.ts';
import type { Ask } from './ask.ts';

/** What the engine's process does for code that works in another: takes its log, and answers what it asks. */
export interface StepService {
  hear(message: StepMessage): void;
  /** The other process has ended, or has said its last word. */
  close(): void;
}

type Served = Pick<StepContext, 'log' | 'progress' | 'addPartitionKeys'>;

export function serveStep(
  context: Served,
  connections: ConnectionProvider,
  tell: (message: EngineMessage) => void,
): StepService {
  const lender = createDatabaseLender(connections);
  const open = new Map<number, AbortController>();
  const answer = async (ask: Ask, signal: AbortSignal): Promise<unknown> =>
    ask.kind === 'addKeys'
      ? ((await context.addPartitionKeys?.(ask.set, ask.keys)) ?? 0)
      : lender.answer(ask, signal);
  const serve = async (id: number, ask: Ask): Promise<void> => {
    const dropping = new AbortController();
    open.set(id, dropping);
    try {
      tell({ type: 'answer', id, answer: { value: await answer(ask, dropping.signal) } });
    } catch (error) {
      tell({ type: 'answer', id, answer: { error: sendError(error) } });
    } finally {
      open.delete(id);
    }
  };
  return {
    hear: (message) => {
      if (message.type === 'log') context.log(message.message, message.level);
      else if (message.type === 'progress') context.progress(message.progress);
      else if (message.type === 'ask') void serve(message.id, message.ask);
      else if (message.type === 'dropAsk') open.get(message.id)?.abort();
    },
    close: () => {
      for (const dropping of open.values()) dropping.abort();
      void lender.close();
    },
  };
}
