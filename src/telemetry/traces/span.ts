import type { JsonObject } from '../../core/json.ts';

export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Something that took time, as OpenTelemetry tells it. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  /** `client` is work in another system. */
  readonly kind: 'internal' | 'client';
  /** Milliseconds since 1970, UTC; may have a fraction. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: SpanAttributes;
  /** What went wrong; undefined when nothing did. */
  readonly error: string | undefined;
}

/** What sent the spans. */
export interface SpanResource {
  readonly attributes: SpanAttributes;
  /** Of Millrace. */
  readonly version: string;
}

const kinds = { internal: 1, client: 3 } as const;
const statusOk = 1;
const statusError = 2;

/** The body of an OTLP/HTTP request in JSON: ids are hex, times are nanoseconds as text. */
export function otlpBody(resource: SpanResource, spans: readonly Span[]): string {
  return JSON.stringify({
    resourceSpans: [
      {
        resource: { attributes: keyValues(resource.attributes) },
        scopeSpans: [
          {
            scope: { name: 'millrace', version: resource.version },
            spans: spans.map((span) => otlpSpan(span)),
          },
        ],
      },
    ],
  });
}

function otlpSpan(span: Span): JsonObject {
  const { traceId, spanId, parentSpanId, name, kind, startMs, endMs, attributes, error } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name,
    kind: kinds[kind],
    startTimeUnixNano: nanoseconds(startMs),
    endTimeUnixNano: nanoseconds(Math.max(startMs, endMs)),
    attributes: keyValues(attributes),
    status: error === undefined ? { code: statusOk } : { code: statusError, message: error },
  };
}

function nanoseconds(ms: number): string {
  return String(BigInt(Math.round(ms * 1000)) * 1000n);
}

function keyValues(attributes: SpanAttributes): readonly JsonObject[] {
  return Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [{ key, value: attributeValue(value) }],
  );
}

function attributeValue(value: string | number | boolean): JsonObject {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
