import type { Connection } from '../../connector/connection.ts';
import type { Work } from '../../telemetry/traces/work-tracer.ts';

/** What every span about a connection tells. */
export function aboutConnection({ name, type }: Connection): Work['attributes'] {
  return { 'db.system.name': systemNames[type] ?? type, 'millrace.connection': name };
}

/** As OpenTelemetry's conventions spell them. */
const systemNames: Readonly<Record<string, string>> = { postgres: 'postgresql' };
