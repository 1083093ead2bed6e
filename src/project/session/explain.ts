import type { ConnectionProvider } from '../../connector/connection.ts';
import { findNode } from '../../core/graph.ts';
import type { GraphNode } from '../../core/node.ts';
import type { PartitionBatch } from '../../core/partitions.ts';
import { nodeOf, type PlanStep, type RunOptions } from '../../core/plan.ts';
import { batchOf, worldAt } from '../../engine/index.ts';
import { explainLoad, formatStreamPlan, partitionWindow } from '../../load/index.ts';
import { explainReport } from '../../report/index.ts';
import { explainSync, planSync, type Sync } from '../../sync/index.ts';
import { knownConnections } from '../connections/connections-file.ts';
import type { Project } from '../reading/project.ts';
import { compilerFor } from '../reading/part-nodes.ts';
import { transformRoom } from '../reading/transform-room.ts';

/** What a step would do, for people: SQL, lanes, endpoints. Reads catalogues, changes nothing. */
export async function explainStep(
  project: Project,
  step: Pick<PlanStep, 'key' | 'node' | 'partitions'>,
  run: RunOptions,
  connections: ConnectionProvider,
): Promise<string> {
  const key = nodeOf(step);
  const node = project.graph.byKey.get(key);
  const { replications, transform, reports, syncs, tasks } = project.parts;
  switch (node?.executor) {
    case 'pipeline':
      return numbered(node.spec['steps'] as readonly string[]);
    case 'load': {
      const replication = replications.find(({ file }) => file === node.spec['replication']);
      const moment = node.spec['moment'];
      if (moment === 'start' || moment === 'end')
        return numbered((replication?.hooks?.[moment] ?? []).map(({ id, name, type }) => name ?? id ?? type));
      const stream = replication?.streams.find(({ name }) => name === node.spec['stream']);
      if (!replication || !stream) return '';
      const plans = await explainLoad(replication, connections, {
        connections: knownConnections(project.connections),
        run,
        stream: stream.name,
        window: partitionWindow(node, batchOfStep(node, step)),
      });
      return plans.map((plan) => formatStreamPlan(plan)).join('\n');
    }
    case 'transform':
      return transform ? transformRoom().explainTransform(transform, key) : '';
    case 'report': {
      const report = reports.find(({ name }) => key === `report/${name}`);
      return report ? explainReport(report, compilerFor(transform)).join('\n') : '';
    }
    case 'sync': {
      const sync = syncs.find(({ name }) => key === `sync/${name}`);
      return sync ? explainDelivery(project, node, sync, connections) : '';
    }
    case 'task':
      return `runs the function in ${tasks.find(({ definition }) => key === `task/${definition.key}`)?.file ?? ''}`;
    default:
      return '';
  }
}

function batchOfStep(
  { partitions }: GraphNode,
  step: Pick<PlanStep, 'partitions'>,
): PartitionBatch | undefined {
  return partitions && step.partitions && batchOf(partitions, step.partitions, worldAt(Date.now()));
}

function numbered(steps: readonly string[]): string {
  return steps.map((step, at) => `${at + 1}. ${step}`).join('\n');
}

/** With what the diff would find, once the model has been built. */
async function explainDelivery(
  project: Project,
  node: GraphNode,
  sync: Sync,
  connections: ConnectionProvider,
): Promise<string> {
  const model = findNode(project.graph, node.edges[0]?.from ?? '')?.relation;
  const database = model ? (await connections(model.connection)).database : undefined;
  if (!model || !database || !(await database.describe(model))) return explainSync(sync);
  return explainSync(sync, await planSync(sync, database, model));
}
