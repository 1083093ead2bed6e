import { post } from '../delivery/http-post.ts';
import { otlpBody, type Span, type SpanResource } from './span.ts';

/** An OTLP/HTTP receiver of traces. */
export interface CollectorAddress {
  /** Ends in `/v1/traces` as a rule. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Sends spans in one request. Errors as `post` throws them. */
export type SpanSender = (spans: readonly Span[], signal: AbortSignal) => Promise<void>;

export function spanSender({ url, headers }: CollectorAddress, resource: SpanResource): SpanSender {
  return async (spans, signal) => {
    if (spans.length === 0) return;
    await post({
      url,
      headers: { ...headers, 'content-type': 'application/json' },
      body: otlpBody(resource, spans),
      signal,
    });
  };
}
