import { ConfigError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import type { GraphNode } from '../../core/node.ts';
import type { WindowLength } from '../../core/partitions.ts';
import { type PartitionVariables, readWrittenPartitions } from './written-partitions.ts';

const lengths: Readonly<Record<string, WindowLength>> = {
  hour: 'hour',
  day: 'day',
  month: 'month',
  year: { cron: '0 0 1 1 *' },
};

type Config = Readonly<Record<string, JsonValue | undefined>>;

/**
 * A microbatch model whose `meta` says `millrace: { partitions: true }` has a partition for each of its batches, which dbt
 * counts in UTC; those side by side are one step, in which the model builds them batch by batch. Another incremental model says
 * its windows, and the variables by which its SQL is told of them.
 * @throws ConfigError for a model that cannot be made part by part
 */
export function withModelPartitions(node: GraphNode): GraphNode {
  const config = objectAt(node.spec['config']);
  const written = writtenOf(node);
  if (written === undefined || written === false) return node;
  if (written === true) return withBatches(node, config);
  const { partitions, vars } = readWrittenPartitions(node.key, written, node.origin);
  requireReplaced(node, config);
  if (!vars || Object.keys(vars).length === 0) {
    throw refused(
      node,
      'Its SQL has to be told which partition it is to select.',
      "Name variables of dbt: partitions: { ..., vars: { start: 'first_day', end: 'day_after' } }",
    );
  }
  return { ...node, partitions };
}

/** The variables that a model names for its partitions; undefined when it names none. */
export function partitionVariables(node: GraphNode): PartitionVariables | undefined {
  const written = writtenOf(node);
  if (written === undefined || typeof written === 'boolean') return undefined;
  return readWrittenPartitions(node.key, written, node.origin).vars;
}

function writtenOf({ spec }: GraphNode): JsonValue | undefined {
  return objectAt(objectAt(objectAt(spec['config'])['meta'])['millrace'])['partitions'];
}

function withBatches(node: GraphNode, config: Config): GraphNode {
  const every = lengths[textOf(config['batch_size'])];
  const beginMs = Date.parse(inUtc(textOf(config['begin'])));
  if (config['incremental_strategy'] !== 'microbatch' || !every || Number.isNaN(beginMs)) {
    throw refused(
      node,
      "'partitions: true' is of models with incremental_strategy: microbatch, 'begin' and 'batch_size'.",
      "Make it such a model, or say what its partitions are: partitions: { every: day, start: '2024-01-01', vars: { start: 'first_day' } }",
    );
  }
  const start = new Date(beginMs).toISOString().slice(0, every === 'hour' ? 16 : 10);
  return {
    ...node,
    partitions: {
      dimensions: [{ kind: 'time', name: 'time', every, zone: 'UTC', start }],
      partitionsPerStep: 'all',
      oneAtATime: true,
    },
  };
}

/** What is built for one partition must leave the rows of the others alone, and take the place of its own. */
function requireReplaced(node: GraphNode, config: Config): void {
  const strategy = textOf(config['incremental_strategy']);
  if (config['materialized'] !== 'incremental') {
    throw refused(
      node,
      `It is materialized as ${textOf(config['materialized'])}, so that each partition would take the place of all others.`,
      "Write materialized='incremental' with a unique_key",
    );
  }
  if (strategy === 'microbatch')
    throw refused(
      node,
      'It is a microbatch model, whose batches are its partitions.',
      'Write partitions: true',
    );
  const hasKey = config['unique_key'] !== undefined && config['unique_key'] !== null;
  if (strategy === 'append' || (!hasKey && strategy !== 'insert_overwrite')) {
    throw refused(
      node,
      'It appends its rows, so that a partition that is made again would be there twice.',
      "Give it a unique_key and incremental_strategy='delete+insert'",
    );
  }
}

function refused({ key, origin }: GraphNode, state: string, next: string): ConfigError {
  return new ConfigError(`${key} cannot have partitions`, {
    code: 'model_partitions_invalid',
    origin,
    state,
    next,
  });
}

/** As dbt reads a time without a zone. */
function inUtc(text: string): string {
  if (/[Zz]|[+-]\d\d:?\d\d$/.test(text)) return text;
  return text.length === 10 ? `${text}T00:00:00Z` : `${text.replace(' ', 'T')}Z`;
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function objectAt(value: JsonValue | undefined): Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Config) : {};
}
