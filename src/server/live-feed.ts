import type { RunEvent } from '../core/run-event.ts';
import type { LiveEvent } from './contract.ts';
import type { ServerHost } from './host.ts';
import { ProgressBoard } from './progress-board.ts';

const eventsPerRead = 500;

/** Executors report progress as often as they like; listeners hear of it at most this often. */
const progressDelayMs = 150;

export interface FeedRequest {
  /** Events with a greater sequence are sent. */
  readonly afterSequence: number;
  /** Only events of this run. */
  readonly runId: string | undefined;
  /** Log lines are many; the overview does without them. */
  readonly withLogs: boolean;
  readonly heartbeatMs: number;
  readonly signal: AbortSignal;
}

/** A message for one listener; a heartbeat keeps proxies from closing a silent stream. */
export type FeedMessage = LiveEvent | { readonly type: 'heartbeat' };

/**
 * Live events for any number of listeners. Each one reads the ledger from its own sequence at its own
 * speed, and is only woken by the engine: a slow listener costs no memory, and misses nothing but
 * intermediate progress.
 */
export class LiveFeed {
  readonly progress: ProgressBoard = new ProgressBoard();
  readonly #host: ServerHost;
  readonly #sleepers = new Set<() => void>();
  readonly #unsubscribe: () => void;
  #progressTimer: NodeJS.Timeout | undefined;

  constructor(host: ServerHost) {
    this.#host = host;
    this.#unsubscribe = host.runs.subscribe((event) => {
      this.progress.record(event);
      if (event.type === 'step_progress') this.#progressTimer ??= setTimeout(this.#wakeAll, progressDelayMs);
      else this.#wakeAll();
    });
  }

  close(): void {
    this.#unsubscribe();
    this.#wakeAll();
  }

  readonly #wakeAll = (): void => {
    clearTimeout(this.#progressTimer);
    this.#progressTimer = undefined;
    for (const wake of this.#sleepers) wake();
  };

  async *messages(request: FeedRequest): AsyncGenerator<FeedMessage, void, undefined> {
    let sequence = request.afterSequence;
    let progressSeen = 0;
    while (!request.signal.aborted) {
      const nap = this.#sleepUntilWoken(request);
      try {
        const events = await this.#host.ledger.events({
          runId: request.runId,
          afterSequence: sequence,
          limit: eventsPerRead,
        });
        for (const event of events) {
          sequence = event.sequence;
          if (isWanted(event, request)) yield event;
        }
        for (const { number, event } of this.progress.after(progressSeen, request.runId)) {
          progressSeen = Math.max(progressSeen, number);
          yield event;
        }
        if (events.length === eventsPerRead) continue;
        if ((await nap.woken) === 'heartbeat') yield { type: 'heartbeat' };
      } finally {
        nap.end();
      }
    }
  }

  /** Starts listening before the ledger is read, so that nothing falls between reading and sleeping. */
  #sleepUntilWoken(request: FeedRequest): { woken: Promise<'event' | 'heartbeat'>; end: () => void } {
    let settle: (reason: 'event' | 'heartbeat') => void = () => {};
    const woken = new Promise<'event' | 'heartbeat'>((resolve) => (settle = resolve));
    const wake = (): void => settle('event');
    const timer = setTimeout(() => settle('heartbeat'), request.heartbeatMs);
    this.#sleepers.add(wake);
    request.signal.addEventListener('abort', wake, { once: true });
    return {
      woken,
      end: () => {
        clearTimeout(timer);
        this.#sleepers.delete(wake);
        request.signal.removeEventListener('abort', wake);
      },
    };
  }
}

function isWanted(event: RunEvent, request: FeedRequest): boolean {
  return request.withLogs || event.type !== 'step_log';
}
