import type { TransformProject } from '../../../transform/index.ts';

type Node = NonNullable<ReturnType<TransformProject['manifest']['byId']['get']>>;

/** A node's relation as dbt quotes it; null for what is no relation. */
export function relationText(node: Node | undefined): string | null {
  const name = node?.kind === 'test' ? node.failures : node?.relation;
  if (!name || (node?.kind === 'model' && node.config.materialized === 'ephemeral')) return null;
  return [name.database, name.schema, name.identifier]
    .filter((part) => part !== '')
    .map((part) => `"${part.replaceAll('"', '""')}"`)
    .join('.');
}
