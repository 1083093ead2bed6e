import { createHash } from 'node:crypto';
import type { GraphNode } from '../../core/node.ts';
import { fileStem } from '../replication/file-stem.ts';
import type { Pipeline } from './pipeline.ts';

/** A pipeline as a task of the graph. */
export function pipelineNode(pipeline: Pipeline): GraphNode {
  const { file, steps } = pipeline;
  return {
    key: `task/${fileStem(file, 'pipelines')}`,
    kind: 'task',
    type: 'pipeline',
    description: pipeline.description || `Pipeline of ${steps.length} steps`,
    tags: pipeline.tags,
    group: 'tasks',
    origin: { file },
    edges: pipeline.after.map(({ name, origin }) => ({ kind: 'after', from: name, origin })),
    columns: [],
    executor: 'pipeline',
    spec: {
      pipeline: file,
      schedule: pipeline.schedule,
      steps: steps.map(({ hook }) => hook.name ?? hook.id ?? hook.type),
      definition: createHash('sha256').update(JSON.stringify(pipeline)).digest('hex').slice(0, 16),
    },
  };
}
