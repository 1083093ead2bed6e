import { expandEnvironment, type Environment } from '../../config/environment.ts';
import type { ConnectionProvider } from '../../connector/connection.ts';
import { ConfigError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import type { Sensor, SensorProbe } from '../../core/sensor.ts';
import { secretsOf } from '../connections/redaction.ts';
import { bucketProbeOf } from './bucket-sensor.ts';
import type { HttpSource, SensorDefinition, SensorResult } from './definition.ts';
import { filesProbe } from './files-probe.ts';
import { checkFilesSource } from './files-source.ts';
import { httpProbe } from './http-probe.ts';
import { notifyProbe } from './notify-probe.ts';
import type { TriggerDefinition } from './run-definition.ts';
import { type RunNews, runProbe } from './run-probe.ts';
import { tableProbe } from './table-probe.ts';

const defaultEverySeconds = 30;
const defaultTimeoutSeconds = 60;
/** They hear of what happens; this is for what was missed. */
const triggerEverySeconds = 30;

export interface DefinedSensor {
  readonly definition: SensorDefinition;
  /** Path relative to the project's folder. */
  readonly file: string;
}

export interface SensorSurroundings {
  readonly folder: string;
  readonly environment: Environment;
  readonly connections: ConnectionProvider;
  /** Tells what must never be shown. */
  readonly keepSecret: (secrets: readonly string[]) => void;
  /** Calls the function of a sensor where it was loaded; absent when that is here. */
  readonly look?: ((called: SensorCall, signal: AbortSignal) => Promise<SensorResult>) | undefined;
}

/** Which sensor is to look, and what it remembers. */
export interface SensorCall {
  readonly name: string;
  readonly file: string;
  readonly cursor: JsonValue | undefined;
}

/** @throws ConfigError for a sensor that could never work */
export function checkSensor({ definition, file }: DefinedSensor): void {
  const { name, select, everySeconds, timeoutSeconds, on, check } = definition;
  const mistake = (what: string, next: string): ConfigError =>
    new ConfigError(`sensor ${name}: ${what}`, { code: 'sensor_invalid', origin: { file }, next });
  if (typeof name !== 'string' || name === '')
    throw new ConfigError('a sensor has no name', { code: 'sensor_invalid', origin: { file } });
  if (typeof select !== 'string')
    throw mistake("it does not say what to run: 'select' is missing", "Write select: 'raw/orders+'.");
  if ((on === undefined) === (check === undefined))
    throw mistake("it needs either 'on' or 'check'", "Write on: { files: 'drops/*.csv' }, or a function.");
  if (everySeconds !== undefined && !(everySeconds >= 1))
    throw mistake(`everySeconds is ${everySeconds}`, 'It has to be 1 or more.');
  if (timeoutSeconds !== undefined && !(timeoutSeconds > 0))
    throw mistake(`timeoutSeconds is ${timeoutSeconds}`, 'It has to be more than 0.');
  if (on === undefined) return;
  if (!['files', 'table', 'url', 'channel'].some((key) => key in on))
    throw mistake('it does not say what it looks at', "Name 'files', 'table', 'url' or 'channel' in 'on'.");
  if ('files' in on) checkFilesSource(on, mistake);
}

export interface DefinedTrigger {
  readonly definition: TriggerDefinition;
  /** Path relative to the project's folder. */
  readonly file: string;
}

/** @throws ConfigError for a trigger that could never work */
export function checkTrigger({ definition, file }: DefinedTrigger): void {
  const { name, on, of, select } = definition;
  const mistake = (what: string, next: string): ConfigError =>
    new ConfigError(`trigger ${name}: ${what}`, { code: 'trigger_invalid', origin: { file }, next });
  if (typeof name !== 'string' || name === '')
    throw new ConfigError('a trigger has no name', { code: 'trigger_invalid', origin: { file } });
  if (!['run_succeeded', 'run_failed', 'updated'].includes(on))
    throw mistake(`on cannot be ${JSON.stringify(on)}`, 'Write run_succeeded, run_failed or updated.');
  if (typeof of !== 'string')
    throw mistake("'of' is missing", "Write of: 'raw/orders', or '' for everything.");
  if (typeof select !== 'string') throw mistake("'select' is missing", "Write select: 'task/tell'.");
}

/** A trigger is a sensor of the ledger. */
export function toTrigger({ definition, file }: DefinedTrigger, news: RunNews): Sensor {
  const { name, select } = definition;
  return {
    definition: {
      name,
      kind: 'trigger',
      select,
      everySeconds: triggerEverySeconds,
      timeoutSeconds: defaultTimeoutSeconds,
      origin: { file },
    },
    probe: runProbe(definition, news),
  };
}

/** The sensor as the engine uses it. */
export function toSensor({ definition, file }: DefinedSensor, around: SensorSurroundings): Sensor {
  const { name, select, everySeconds, timeoutSeconds } = definition;
  return {
    definition: {
      name,
      select,
      everySeconds: everySeconds ?? defaultEverySeconds,
      timeoutSeconds: timeoutSeconds ?? defaultTimeoutSeconds,
      origin: { file },
    },
    probe: probeOf(definition, file, around),
  };
}

function probeOf(definition: SensorDefinition, file: string, around: SensorSurroundings): SensorProbe {
  const { on } = definition;
  const { folder, connections } = around;
  if (!on) return customProbe(definition, file, around);
  if ('channel' in on) return notifyProbe(on, connections);
  if ('table' in on) return tableProbe(on, connections);
  if ('files' in on) return bucketProbeOf(on, file, around) ?? filesProbe(on, folder, Date.now);
  return { check: (look) => httpProbe(filledHttp(on, file, around)).check(look) };
}

function filledHttp(
  source: HttpSource,
  file: string,
  { environment, keepSecret }: SensorSurroundings,
): HttpSource {
  const filled = (text: string): string => expandEnvironment(text, environment, { file });
  const headers = Object.fromEntries(
    Object.entries(source.headers ?? {}).map(([key, value]) => [key, filled(value)]),
  );
  keepSecret(secretsOf(headers));
  return { ...source, url: filled(source.url), headers };
}

function customProbe(
  { name, check }: SensorDefinition,
  file: string,
  { environment, connections, look }: SensorSurroundings,
): SensorProbe {
  return {
    check: async ({ cursor, signal }) => {
      const looked = look
        ? look({ name, file, cursor }, signal)
        : check?.({ cursor, signal, environment, connection: connections });
      const found = (await looked) ?? {};
      return { runs: found.runs ?? [], cursor: found.cursor, skip: found.skip };
    },
  };
}
