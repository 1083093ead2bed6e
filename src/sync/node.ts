import type { GraphNode } from '../core/node.ts';
import type { Sync } from './sync.ts';

export function syncKey(name: string): string {
  return `sync/${name}`;
}

/** A sync in the graph: it runs after its model, and what blocks the model blocks it. */
export function syncNode(sync: Sync, warehouseConnection: string): GraphNode {
  return {
    key: syncKey(sync.name),
    kind: 'sync',
    type: 'sync',
    description: sync.description || `Rows of ${sync.model} delivered to ${sync.destination}`,
    tags: sync.tags,
    group: 'syncs',
    origin: sync.origin,
    edges: [{ kind: 'reads', from: sync.model, origin: sync.modelOrigin }],
    columns: sync.fields.map(({ field, column }) => ({
      name: field,
      description: `Column ${column} of ${sync.model}`,
    })),
    executor: 'sync',
    spec: {
      sync: sync.name,
      warehouse: warehouseConnection,
      destination: sync.destination,
      primaryKey: sync.primaryKey,
      fields: Object.fromEntries(sync.fields.map(({ field, column }) => [field, column])),
      onDelete: sync.onDelete,
      schedule: sync.schedule,
    },
  };
}
