import type { FeedMessage, LiveFeed } from './live-feed.ts';
import { jsonText } from './json-text.ts';

const reconnectMs = 1000;

export interface EventStreamRequest {
  readonly afterSequence: number;
  readonly runId: string | undefined;
  readonly withLogs: boolean;
  readonly heartbeatMs: number;
  /** Aborted when the server closes. */
  readonly closing: AbortSignal;
}

/**
 * Live events as server-sent events. Durable ones carry their sequence as id, so a browser that
 * reconnects continues where it was. The next event is made only when the connection can take it.
 */
export function eventStream(feed: LiveFeed, request: EventStreamRequest): Response {
  const gone = new AbortController();
  const messages = feed.messages({
    ...request,
    signal: AbortSignal.any([gone.signal, request.closing]),
  });
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(`retry: ${reconnectMs}\n\n`)),
    pull: async (controller) => {
      const next = await messages.next();
      if (next.done) controller.close();
      else controller.enqueue(encoder.encode(messageText(next.value)));
    },
    cancel: () => gone.abort(),
  });
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    },
  });
}

function messageText(message: FeedMessage): string {
  if (message.type === 'heartbeat') return ': still here\n\n';
  const id = message.type === 'step_progress' ? '' : `id: ${message.sequence}\n`;
  return `${id}data: ${jsonText(message)}\n\n`;
}
