import type { Ask } from '../ask.ts';
import { receiveError, type Answer } from '../isolated-message.ts';

/** What a process with code of users asks of that of the engine. */
export interface Asking {
  /** Resolves with what the engine answers. `signal` lets it stop. */
  readonly ask: (question: Ask, signal?: AbortSignal) => Promise<unknown>;
  readonly hear: (id: number, answer: Answer) => void;
}

export type TellAsk = (
  message:
    | { readonly type: 'ask'; readonly id: number; readonly ask: Ask }
    | { readonly type: 'dropAsk'; readonly id: number },
) => void;

export function createAsking(tell: TellAsk): Asking {
  const open = new Map<number, PromiseWithResolvers<unknown>>();
  let last = 0;
  return {
    ask: (question, signal) => {
      signal?.throwIfAborted();
      last += 1;
      const id = last;
      const answer = Promise.withResolvers<unknown>();
      open.set(id, answer);
      const drop = (): void => tell({ type: 'dropAsk', id });
      signal?.addEventListener('abort', drop, { once: true });
      tell({ type: 'ask', id, ask: question });
      return answer.promise.finally(() => {
        open.delete(id);
        signal?.removeEventListener('abort', drop);
      });
    },
    hear: (id, answer) => {
      if ('error' in answer) open.get(id)?.reject(receiveError(answer.error));
      else open.get(id)?.resolve(answer.value);
    },
  };
}
