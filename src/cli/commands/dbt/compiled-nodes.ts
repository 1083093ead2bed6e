import { relative } from 'node:path';
import { type Compiled, writtenPath } from '../../../transform/index.ts';
import type { NodeResult } from './run-results.ts';
import type { Workspace } from './workspace.ts';

/** What a run compiled, as the manifest shows it. */
export function compiledOf(
  workspace: Workspace,
  results: readonly NodeResult[],
): ReadonlyMap<string, Compiled> {
  const { manifest } = workspace.transform;
  return new Map(
    results.flatMap(({ id, compiledSql }): [string, Compiled][] => {
      const node = manifest.byId.get(id);
      if (!node || compiledSql === undefined) return [];
      return [
        [id, { sql: compiledSql, path: compiledPath(workspace, writtenPath(manifest, node)), extraCtes: [] }],
      ];
    }),
  );
}

/** Where compiled SQL lies, relative to the dbt project. */
export function compiledPath({ root, targetFolder }: Workspace, written: string): string {
  const target = relative(root, targetFolder).replaceAll('\\', '/');
  return `${target.startsWith('..') ? targetFolder : target}/compiled/${written}`;
}
