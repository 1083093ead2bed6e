import { AsyncLocalStorage } from 'node:async_hooks';
import { DataError } from '../../core/errors.ts';
import type { Executor } from '../../core/executor.ts';
import type { RunStore } from '../../core/ports.ts';
import type { Chore } from '../delivery/rounds.ts';
import type { SpanSender } from './collector.ts';
import type { Span, SpanAttributes } from './span.ts';
import { newSpanId, stepSpanId, traceOf } from './trace-ids.ts';

/** What is measured inside a step. */
export interface Work {
  readonly name: string;
  readonly kind: Span['kind'];
  readonly attributes: SpanAttributes;
}

/** Measures what steps do: the chunks of loads, and queries. Kept in memory until sent, so a killed process loses it. */
export interface WorkTracer {
  /** The same executor; what `measure` sees while it works belongs to its step. */
  readonly around: (executor: Executor) => Executor;
  /** Does `work`, and makes a span of it when that is in a step. `more` may add what its result tells. */
  readonly measure: <Result>(
    about: Work,
    work: () => Promise<Result>,
    more?: (result: Result) => SpanAttributes,
  ) => Promise<Result>;
  readonly chore: Chore;
}

interface Place {
  readonly traceId: string;
  readonly spanId: string;
}

/** Spans that wait to be sent. What comes on top takes the place of the oldest. */
const mostWaiting = 5000;
const spansAtATime = 500;

export function createWorkTracer(
  store: Pick<RunStore, 'findRun'>,
  send: SpanSender,
  redact: (text: string) => string,
  report: (message: string) => void,
): WorkTracer {
  const places = new AsyncLocalStorage<Place>();
  let waiting: Span[] = [];
  let lost = 0;

  const keep = (span: Span): void => {
    waiting.push(span);
    if (waiting.length <= mostWaiting) return;
    waiting.shift();
    lost += 1;
  };

  return {
    around: (executor) => ({
      name: executor.name,
      execute: async (node, context) => {
        const run = await store.findRun(context.runId);
        const trace = run && traceOf(run);
        if (!trace?.isSampled) return executor.execute(node, context);
        const spanId = stepSpanId(context.runId, node.key, context.attempt);
        return places.run({ traceId: trace.traceId, spanId }, () => executor.execute(node, context));
      },
    }),
    measure: async (about, work, more) => {
      const place = places.getStore();
      if (!place) return work();
      const spanId = newSpanId();
      const startMs = performance.timeOrigin + performance.now();
      const end = (error: string | undefined, added: SpanAttributes): void =>
        keep({
          traceId: place.traceId,
          spanId,
          parentSpanId: place.spanId,
          name: about.name,
          kind: about.kind,
          startMs,
          endMs: performance.timeOrigin + performance.now(),
          attributes: redacted({ ...about.attributes, ...added }, redact),
          error,
        });
      try {
        const result = await places.run({ traceId: place.traceId, spanId }, work);
        end(undefined, more?.(result) ?? {});
        return result;
      } catch (error) {
        end(redact(error instanceof Error ? error.message : String(error)), {});
        throw error;
      }
    },
    chore: {
      name: 'traces of queries',
      everySeconds: 5,
      work: async (signal) => {
        const spans = waiting.slice(0, spansAtATime);
        if (spans.length === 0) return false;
        try {
          await send(spans, signal);
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          report(`traces: ${spans.length} spans were refused for good: ${error.message}`);
        }
        const sent = new Set(spans);
        waiting = waiting.filter((span) => !sent.has(span));
        if (lost > 0) report(`traces: ${lost} spans of queries were given up, too many waited`);
        lost = 0;
        return waiting.length >= spansAtATime;
      },
    },
  };
}

/** Text of queries may hold secrets; the other attributes are ours. */
function redacted(attributes: SpanAttributes, redact: (text: string) => string): SpanAttributes {
  const query = attributes['db.query.text'];
  return typeof query === 'string' ? { ...attributes, 'db.query.text': redact(query) } : attributes;
}
