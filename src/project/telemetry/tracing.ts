import { hostname } from 'node:os';
import type { RunStore } from '../../core/ports.ts';
import type { Receiver } from '../../telemetry/delivery/courier.ts';
import type { WorkTracer } from '../../telemetry/traces/work-tracer.ts';
import { packageVersion } from '../settings/package-version.ts';
import type { TraceSettings } from '../settings/trace-settings.ts';

/** Sends spans of runs and steps from the ledger, and of what steps do from this process's memory. */
export interface Tracing {
  readonly receiver: Receiver;
  readonly tracer: WorkTracer;
  readonly keepHours: number | undefined;
}

export async function openTracing(
  { collector, serviceName, attributes, keepHours }: TraceSettings,
  projectName: string,
  store: RunStore,
  redact: (text: string) => string,
  report: (message: string) => void,
): Promise<Tracing> {
  const [{ spanSender }, { createSpanReceiver }, { createWorkTracer }] = await Promise.all([
    import('../../telemetry/traces/collector.ts'),
    import('../../telemetry/traces/run-spans.ts'),
    import('../../telemetry/traces/work-tracer.ts'),
  ]);
  const version = packageVersion();
  const resource = {
    version,
    attributes: {
      'service.name': projectName,
      'service.version': version,
      'host.name': hostname(),
      'process.pid': process.pid,
      ...attributes,
      ...(serviceName === undefined ? {} : { 'service.name': serviceName }),
    },
  };
  const send = spanSender(collector, resource);
  return {
    receiver: createSpanReceiver(store, send, redact),
    tracer: createWorkTracer(store, send, redact, report),
    keepHours,
  };
}
