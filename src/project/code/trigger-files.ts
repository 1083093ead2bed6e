import { join } from 'node:path';
import { ConfigError } from '../../core/errors.ts';
import type { Graph } from '../../core/graph.ts';
import type { JsonValue } from '../../core/json.ts';
import { selectNodes } from '../../core/selection.ts';
import type { NodeAutomation } from '../settings/node-automation.ts';
import { filesBelow } from '../settings/project-files.ts';
import { isSensorDefinition } from '../sensors/definition.ts';
import { isTriggerDefinition } from '../sensors/run-definition.ts';
import { checkSensor, checkTrigger, type DefinedSensor, type DefinedTrigger } from '../sensors/sensor.ts';
import { importUserModule } from '../settings/user-modules.ts';
import { isWebhookDefinition } from '../webhooks/definition.ts';
import { checkWebhook, type DefinedWebhook } from '../webhooks/webhook.ts';

/** What starts runs beside schedules. */
export interface Triggers {
  readonly sensors: readonly DefinedSensor[];
  readonly triggers: readonly DefinedTrigger[];
  readonly webhooks: readonly DefinedWebhook[];
}

export const noTriggers: Triggers = { sensors: [], triggers: [], webhooks: [] };

/**
 * Every `defineSensor`, `defineTrigger` and `defineWebhook` that a file under `assets/` exports, in order of files.
 * @throws ConfigError for one that could never work, and for two of one name
 */
export async function readTriggers(projectFolder: string): Promise<Triggers> {
  const sensors: DefinedSensor[] = [];
  const triggers: DefinedTrigger[] = [];
  const webhooks: DefinedWebhook[] = [];
  const files = await filesBelow(projectFolder, 'assets', ['.ts']);
  for (const file of files.filter((name) => !/\.(test|d)\.ts$/.test(name))) {
    const module = await importUserModule(join(projectFolder, file), projectFolder);
    for (const definition of Object.values(module)) {
      if (isSensorDefinition(definition)) sensors.push({ definition, file });
      if (isTriggerDefinition(definition)) triggers.push({ definition, file });
      if (isWebhookDefinition(definition)) webhooks.push({ definition, file });
    }
  }
  for (const sensor of sensors) checkSensor(sensor);
  for (const trigger of triggers) checkTrigger(trigger);
  for (const webhook of webhooks) checkWebhook(webhook);
  requireDifferentNames('sensor', [...sensors, ...triggers]);
  requireDifferentNames('webhook', webhooks);
  return { sensors, triggers, webhooks };
}

function requireDifferentNames(
  what: string,
  found: readonly { readonly definition: { readonly name: string }; readonly file: string }[],
): void {
  const files = new Map<string, string>();
  for (const { definition, file } of found) {
    const other = files.get(definition.name);
    if (other !== undefined)
      throw new ConfigError(`there are two of the ${what} ${definition.name}: here and in ${other}`, {
        code: `${what}_duplicate`,
        origin: { file },
        next: 'Rename one of them.',
      });
    files.set(definition.name, file);
  }
}

/** @throws ConfigError when one selects what is not there */
export function checkTriggerSelections(graph: Graph, { sensors, triggers, webhooks }: Triggers): void {
  const all = [
    ...sensors.map((sensor) => ({ ...sensor, what: 'sensor', select: sensor.definition.select })),
    ...triggers.flatMap((trigger) =>
      [trigger.definition.select, trigger.definition.of].map((select) => ({
        ...trigger,
        what: 'trigger',
        select,
      })),
    ),
    ...webhooks.map((webhook) => ({ ...webhook, what: 'webhook', select: webhook.definition.select })),
  ];
  for (const { definition, file, what, select } of all) {
    try {
      selectNodes(graph, { select });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      throw new ConfigError(`${what} ${definition.name}: ${error.message}`, {
        code: error.code,
        origin: { file },
        ...(error.next === undefined ? {} : { next: error.next }),
      });
    }
  }
}

/** What tells one version of them from another; undefined when there are none. */
export function triggerPrint(
  { sensors, triggers, webhooks }: Triggers,
  { conditions, freshness }: NodeAutomation,
): JsonValue | undefined {
  const count = sensors.length + triggers.length + webhooks.length + conditions.size + freshness.size;
  if (count === 0) return undefined;
  return plain({
    sensors: sensors.map(({ definition }) => definition),
    triggers: triggers.map(({ definition }) => definition),
    webhooks: webhooks.map(({ definition }) => definition),
    conditions: Object.fromEntries(conditions),
    freshness: Object.fromEntries(freshness),
  });
}

/** Functions are their text. */
function plain(value: object): JsonValue {
  const text = JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'function' ? part.toString() : part,
  );
  return JSON.parse(text) as JsonValue;
}
