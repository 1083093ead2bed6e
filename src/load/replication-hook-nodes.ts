import type { JsonObject } from '../core/json.ts';
import type { Edge, GraphNode, NodeKey } from '../core/node.ts';
import { fileStem } from './replication/file-stem.ts';
import type { Replication } from './replication/replication.ts';

/** The task that stands for the hooks of a file. */
export function hookTaskKey(file: string, moment: 'start' | 'end'): NodeKey {
  return `task/${fileStem(file, 'replications')}/${moment}`;
}

/** The streams of a file between its `start` and its `end`, as tasks of the graph. */
export function withReplicationHooks(
  { file, hooks, targetOrigin }: Replication,
  streams: readonly GraphNode[],
): readonly GraphNode[] {
  const task = (moment: 'start' | 'end', edges: readonly Edge[]): GraphNode => ({
    key: hookTaskKey(file, moment),
    kind: 'task',
    type: 'hook',
    description: `${moment === 'start' ? 'Before the first stream' : 'After the last stream'} of ${file}`,
    tags: [],
    group: 'tasks',
    origin: { file: targetOrigin.file },
    edges,
    columns: [],
    executor: 'load',
    spec: {
      replication: file,
      moment,
      hooks: JSON.parse(JSON.stringify(hooks?.[moment] ?? [])) as JsonObject,
    },
    accompanies: streams.map(({ key }) => key),
  });
  const after = (key: NodeKey): Edge => ({ kind: 'after', from: key });
  const start = hooks && hooks.start.length > 0 ? [task('start', [])] : [];
  const between = streams.map((node) => ({
    ...node,
    edges: [...node.edges, ...start.map(({ key }) => after(key))],
  }));
  if (!hooks || hooks.end.length === 0) return [...start, ...between];
  const end = {
    ...task(
      'end',
      [...start, ...between].map(({ key }) => after(key)),
    ),
    always: true,
  };
  return [...start, ...between, end];
}
