import { ConfigError } from '../../core/errors.ts';
import type { Executor } from '../../core/executor.ts';
import type { JsonValue } from '../../core/json.ts';
import type { GraphNode } from '../../core/node.ts';
import type { PartitionBatch, PartitionsDefinition, WindowLength } from '../../core/partitions.ts';

const lengths: Readonly<Record<string, WindowLength>> = {
  hour: 'hour',
  day: 'day',
  month: 'month',
  year: { cron: '0 0 1 1 *' },
};

/**
 * A microbatch model whose `meta` says `millrace: { partitions: true }` has a partition for each of its batches, which dbt
 * counts in UTC. Those side by side are one step: the model builds them batch by batch.
 * @throws ConfigError for another model that says so
 */
export function withModelPartitions(node: GraphNode): GraphNode {
  const config = objectAt(node.spec['config']);
  const written = objectAt(objectAt(config['meta'])['millrace'])['partitions'];
  if (written === undefined || written === false) return node;
  const every = lengths[textOf(config['batch_size'])];
  const beginMs = Date.parse(inUtc(textOf(config['begin'])));
  if (
    written !== true ||
    config['incremental_strategy'] !== 'microbatch' ||
    !every ||
    Number.isNaN(beginMs)
  ) {
    throw new ConfigError(`${node.key} cannot have partitions`, {
      code: 'model_partitions_invalid',
      origin: node.origin,
      state: "Models have them by incremental_strategy: microbatch, with 'begin' and 'batch_size'.",
      next: 'Write meta: { millrace: { partitions: true } } at such a model, or take it out',
    });
  }
  const start = new Date(beginMs).toISOString().slice(0, every === 'hour' ? 16 : 10);
  const partitions: PartitionsDefinition = {
    dimensions: [{ kind: 'time', name: 'time', every, zone: 'UTC', start }],
    partitionsPerStep: 'all',
  };
  return { ...node, partitions };
}

/** Tells the executor of models which stretch of time a step about partitions is to build. */
export function buildingPartitions(models: Executor): Executor {
  return {
    ...models,
    execute: (node, context) => {
      const stretch = context.partitions && stretchOf(context.partitions);
      if (!stretch) return models.execute(node, context);
      const { options } = context;
      return models.execute(node, {
        ...context,
        options: { ...options, room: { ...options.room, ...stretch } },
      });
    },
  };
}

function stretchOf(batch: PartitionBatch): { eventTimeStartMs: number; eventTimeEndMs: number } {
  const windows = [...batch.values()].flatMap(({ dimensions }) => dimensions['time'] ?? []);
  return {
    eventTimeStartMs: Math.min(...windows.map(({ startMs = NaN }) => startMs)),
    eventTimeEndMs: Math.max(...windows.map(({ endMs = NaN }) => endMs)),
  };
}

/** As dbt reads a time without a zone. */
function inUtc(text: string): string {
  if (/[Zz]|[+-]\d\d:?\d\d$/.test(text)) return text;
  return text.length === 10 ? `${text}T00:00:00Z` : `${text.replace(' ', 'T')}Z`;
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function objectAt(value: JsonValue | undefined): Readonly<Record<string, JsonValue | undefined>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, JsonValue>>)
    : {};
}
