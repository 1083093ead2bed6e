import { type Graph } from '../../core/graph.ts';
import type { NodeKey } from '../../core/node.ts';
import type { RunStore } from '../../core/ports.ts';
import type { RunEvent } from '../../core/run-event.ts';
import { selectNodes } from '../../core/selection.ts';
import type { Engine } from '../../engine/index.ts';
import type { RunNews } from '../sensors/run-probe.ts';

/** One reading of the ledger's events for all triggers, as long as there are some. */
export function createRunNews(
  store: RunStore,
  engine: () => Pick<Engine, 'tailEvents'>,
  graph: () => Graph,
): RunNews {
  const listeners = new Set<(event: RunEvent) => void>();
  let reading: AbortController | undefined;
  const read = async (signal: AbortSignal): Promise<void> => {
    const afterSequence = await store.lastSequence();
    const types = ['run_state', 'step_state'] as const;
    for await (const event of engine().tailEvents({ types, afterSequence, signal }))
      for (const listener of listeners) listener(event);
  };
  const begin = (): void => {
    const own = new AbortController();
    reading = own;
    // It ends with the engine, and with the ledger's troubles: the next trigger that listens begins again, and the others look by time.
    read(own.signal).catch(() => {
      if (reading === own) reading = undefined;
    });
  };
  return {
    store,
    listen: (heard) => {
      listeners.add(heard);
      if (!reading) begin();
      return () => {
        listeners.delete(heard);
        if (listeners.size > 0) return;
        reading?.abort();
        reading = undefined;
      };
    },
    nodes: (of): ReadonlySet<NodeKey> => new Set(selectNodes(graph(), { select: of })),
  };
}
