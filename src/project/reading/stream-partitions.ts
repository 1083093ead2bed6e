import { ConfigError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { GraphNode } from '../../core/node.ts';
import { checkPartitionedStream, type Replication } from '../../load/index.ts';
import type { Mistakes } from '../settings/mistakes.ts';
import { readWrittenPartitions } from './written-partitions.ts';

/** The nodes of a project, with the partitions that streams say. A file that is run by itself is loaded as its streams say without them. */
export async function withLoadPartitions(
  nodes: readonly GraphNode[],
  replications: readonly Replication[],
  mistakes: Mistakes,
): Promise<readonly GraphNode[]> {
  const made: GraphNode[] = [];
  for (const node of nodes)
    made.push((await mistakes.collect(() => withStreamPartitions(node, replications))) ?? node);
  return made;
}

/**
 * A stream whose `meta.millrace` has `partitions` is loaded window by window of its update_key.
 * @throws ConfigError for one that cannot be
 */
function withStreamPartitions(node: GraphNode, replications: readonly Replication[]): GraphNode {
  const written = (node.spec['millrace'] as JsonObject | undefined)?.['partitions'];
  if (node.executor !== 'load' || written === undefined) return node;
  const { partitions, vars } = readWrittenPartitions(node.key, written, node.origin);
  if (vars) throw refused(node, "'vars' of partitions are for models", 'Leave it out');
  if (node.type === 'file')
    throw refused(
      node,
      `${node.key} has partitions and goes into files, which have no rows to replace`,
      'Load it into a table, or leave out partitions',
    );
  const stream = replications
    .find(({ file }) => file === node.spec['replication'])
    ?.streams.find(({ name }) => name === node.spec['stream']);
  if (stream) checkPartitionedStream(stream);
  return { ...node, partitions };
}

function refused({ origin }: GraphNode, what: string, next: string): ConfigError {
  return new ConfigError(what, { code: 'partitions_invalid', origin, next });
}
