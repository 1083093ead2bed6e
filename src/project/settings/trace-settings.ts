import { expandEnvironment, type Environment } from '../../config/environment.ts';
import { ConfigError } from '../../core/errors.ts';
import type { TelemetryDefinition } from '../../telemetry/definition.ts';
import type { CollectorAddress } from '../../telemetry/traces/collector.ts';
import type { SpanAttributes } from '../../telemetry/traces/span.ts';
import { configFileName } from './config-file.ts';
import { httpUrl } from './http-url.ts';

export interface TraceSettings {
  readonly collector: CollectorAddress;
  readonly serviceName: string | undefined;
  readonly attributes: SpanAttributes;
  readonly keepHours: number | undefined;
}

/** The variables of OpenTelemetry go before `millrace.config.ts`. */
export function traceSettings(
  given: TelemetryDefinition['traces'],
  environment: Environment,
): TraceSettings | undefined {
  const variable = (name: string): string | undefined => environment[name] || undefined;
  if (/^true$/i.test(variable('OTEL_SDK_DISABLED') ?? '') || variable('OTEL_TRACES_EXPORTER') === 'none')
    return undefined;
  const whole = variable('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const base = variable('OTEL_EXPORTER_OTLP_ENDPOINT') ?? filled(given?.endpoint, environment);
  const address = whole ?? (base === undefined ? undefined : `${base.replace(/\/+$/, '')}/v1/traces`);
  if (address === undefined) return undefined;
  requireHttp(variable('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? variable('OTEL_EXPORTER_OTLP_PROTOCOL'));
  const headers = Object.fromEntries(
    Object.entries(given?.headers ?? {}).map(([name, value]) => [name, filled(value, environment) ?? '']),
  );
  return {
    collector: {
      url: httpUrl('telemetry.traces.endpoint', address),
      headers: {
        ...headers,
        ...pairs(variable('OTEL_EXPORTER_OTLP_HEADERS')),
        ...pairs(variable('OTEL_EXPORTER_OTLP_TRACES_HEADERS')),
      },
    },
    serviceName: variable('OTEL_SERVICE_NAME') ?? given?.serviceName,
    attributes: pairs(variable('OTEL_RESOURCE_ATTRIBUTES')),
    keepHours: given?.keepHours,
  };
}

function filled(text: string | undefined, environment: Environment): string | undefined {
  const value = text && expandEnvironment(text, environment, { file: configFileName });
  return value === '' ? undefined : value;
}

function requireHttp(protocol: string | undefined): void {
  if (protocol !== 'grpc') return;
  throw new ConfigError('traces cannot be sent by gRPC', {
    code: 'not_yet_supported',
    origin: { file: 'environment variable OTEL_EXPORTER_OTLP_PROTOCOL' },
    next: "Set OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json, and the collector's HTTP port in OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  });
}

/** `key=value,key=value`, percent-encoded. */
function pairs(text: string | undefined): Readonly<Record<string, string>> {
  const entries = (text ?? '').split(',').flatMap((pair) => {
    const at = pair.indexOf('=');
    return at < 1 ? [] : [[decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))] as const];
  });
  return Object.fromEntries(entries);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return text.trim();
  }
}
