import { resolve } from 'node:path';
import { expandEnvironment, type Environment } from '../../config/environment.ts';
import type { AlertChannel } from '../../telemetry/alerts/alert-channel.ts';
import type { LineageDestination } from '../../telemetry/open-lineage/lineage-receiver.ts';
import { configFileName } from './config-file.ts';
import type { ProjectDefinition } from './definitions.ts';
import { alertChannels, channelSecrets } from './alert-settings.ts';
import { traceSettings, type TraceSettings } from './trace-settings.ts';
import { httpUrl } from './http-url.ts';

/** What is sent where, with the environment's values filled in. */
export interface TelemetrySettings {
  readonly openLineage?: OpenLineageSettings;
  readonly traces?: TraceSettings;
  /** Absolute. */
  readonly metricsFile?: string;
  /** Absent when nobody is to be told. */
  readonly alertChannels?: ReadonlyMap<string, AlertChannel>;
  /** Values that no message may hold. */
  readonly secrets: readonly string[];
}

interface OpenLineageSettings {
  readonly destination: LineageDestination;
  readonly namespace: string;
  readonly keepHours: number | undefined;
}

/**
 * The variables that OpenLineage's clients know go before `millrace.config.ts`.
 * @throws ConfigError for a variable that is not set, and for an address that is none
 */
export function telemetrySettings(
  { telemetry, alerts }: ProjectDefinition,
  environment: Environment,
  folder: string,
): TelemetrySettings {
  const openLineage = openLineageSettings(telemetry?.openLineage, environment, folder);
  const apiKey = openLineage && 'url' in openLineage.destination ? openLineage.destination.apiKey : undefined;
  const metricsFile = expanded(telemetry?.metricsFile, environment);
  const traces = traceSettings(telemetry?.traces, environment);
  const channels = alerts && alertChannels(alerts, environment);
  return {
    ...(openLineage ? { openLineage } : {}),
    ...(metricsFile === undefined ? {} : { metricsFile: resolve(folder, metricsFile) }),
    ...(traces ? { traces } : {}),
    ...(channels ? { alertChannels: channels } : {}),
    secrets: [
      ...(apiKey === undefined ? [] : [apiKey]),
      ...headerSecrets(traces?.collector.headers ?? {}),
      ...channelSecrets(channels ?? new Map()),
    ],
  };
}

function openLineageSettings(
  given: NonNullable<ProjectDefinition['telemetry']>['openLineage'],
  environment: Environment,
  folder: string,
): OpenLineageSettings | undefined {
  if (/^(true|1)$/i.test(environment['OPENLINEAGE_DISABLED'] ?? '')) return undefined;
  const base = variable(environment, 'OPENLINEAGE_URL') ?? expanded(given?.url, environment);
  const apiKey = variable(environment, 'OPENLINEAGE_API_KEY') ?? expanded(given?.apiKey, environment);
  const file = expanded(given?.file, environment);
  const rest = {
    namespace: variable(environment, 'OPENLINEAGE_NAMESPACE') ?? given?.namespace ?? 'default',
    keepHours: given?.keepHours,
  };
  if (base !== undefined) {
    const endpoint = variable(environment, 'OPENLINEAGE_ENDPOINT') ?? 'api/v1/lineage';
    const url = httpUrl(
      'telemetry.openLineage.url',
      `${base.replace(/\/+$/, '')}/${endpoint.replace(/^\/+/, '')}`,
    );
    return { ...rest, destination: { url, apiKey } };
  }
  return file === undefined ? undefined : { ...rest, destination: { file: resolve(folder, file) } };
}

function variable(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === '' ? undefined : value;
}

function expanded(text: string | undefined, environment: Environment): string | undefined {
  const value = text && expandEnvironment(text, environment, { file: configFileName });
  return value === '' ? undefined : value;
}

/** Headers that let somebody in; others, such as a tenant's name, may be shown. */
function headerSecrets(headers: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(headers)
    .filter(([name]) => /auth|key|token|secret|password/i.test(name))
    .flatMap(([, value]) => [value, value.replace(/^\w+ /, '')]);
}
