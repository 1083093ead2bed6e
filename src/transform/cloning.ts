import type { ConnectionProvider } from '../connector/connection.ts';
import type { RelationName } from './manifest/transform-node.ts';
import { relationSql } from './materialize/build.ts';
import { dropSql } from './materialize/ddl.ts';
import type { TransformProject } from './project.ts';
import { openWarehouse } from './warehouse.ts';

export interface CloneRequest {
  readonly id: string;
  /** The relation of the other environment. */
  readonly from: RelationName;
}

export interface Clone {
  readonly id: string;
  readonly outcome: 'created' | 'exists' | 'missing';
}

/**
 * Makes a view here of each relation of another environment; DuckDB and PostgreSQL cannot clone tables. What exists is
 * left alone unless `isFullRefresh`.
 */
export async function cloneRelations(
  project: TransformProject,
  connections: ConnectionProvider,
  requests: readonly CloneRequest[],
  isFullRefresh: boolean,
): Promise<readonly Clone[]> {
  const warehouse = await openWarehouse(project, connections);
  const { database } = warehouse;
  const { dialect } = database;
  const clones: Clone[] = [];
  for (const { id, from } of requests) {
    const node = project.manifest.byId.get(id);
    if (!node || node.kind === 'test' || node.kind === 'source') continue;
    const existing = await warehouse.typeOf(node.relation);
    const isThere = from.database === node.relation.database || from.database === '';
    const other = isThere ? await warehouse.typeOf(from) : 'table';
    if (existing && !isFullRefresh) clones.push({ id, outcome: 'exists' });
    else if (!other) clones.push({ id, outcome: 'missing' });
    else {
      await warehouse.ensureSchema(node.relation, 'clone');
      await database.transaction(async (session) => {
        if (existing) await session.execute(dropSql(dialect, node.relation, existing));
        await session.execute(
          `create view ${relationSql(dialect, node.relation)} as select * from ${relationSql(dialect, from)}`,
        );
      });
      clones.push({ id, outcome: 'created' });
    }
  }
  return clones;
}
