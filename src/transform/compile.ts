import { ConfigError } from '../core/errors.ts';
import type { Edge } from '../core/node.ts';
import type { Origin } from '../core/origin.ts';
import { type DatasetRelation, type NodeScope, readingMoment, type RefCall } from './context/render-scope.ts';
import { compileTextSync } from './compile/compile-node.ts';
import { resolvedScope } from './compile/run-scope.ts';
import { edgesTo } from './graph-nodes.ts';
import type { Dependency } from './manifest/transform-node.ts';
import type { TransformProject } from './project.ts';

/**
 * Compiles SQL with `{{ ref() }}`, `{{ source() }}` and macros that is no model: a report's or a sync's. Does not touch
 * the warehouse. Throws a ConfigError at `origin` for a template that is wrong or a node that does not exist.
 */
export function compileSql(
  project: TransformProject,
  sql: string,
  origin: Origin,
): { readonly sql: string; readonly reads: readonly Edge[] } {
  const reads = new Map<string, Dependency>();
  const scope = resolvedScope(
    project.manifest,
    {
      home: { packageName: project.name, dataset: undefined },
      model: { name: origin.file, config: {} },
      relation: undefined,
      entries: new Map(),
    },
    (dependency) => {
      if (!reads.has(dependency.uniqueId)) reads.set(dependency.uniqueId, dependency);
    },
  );
  const here: NodeScope =
    project.dialectName === 'duckdb' ? scope : { ...scope, refAll: (call) => described(call, scope) };
  const linesBefore = '\n'.repeat(Math.max(0, (origin.line ?? 1) - 1));
  const template = { text: linesBefore + sql, file: origin.file };
  const compiled = compileTextSync(
    project.manifest,
    template,
    here,
    () => [...reads.values()],
    readingMoment,
  );
  return { sql: compiled.sql.trim(), reads: edgesTo(project.manifest, [...reads.values()]) };
}

/** Where columns are matched by name only when they are known, and the warehouse is not asked. Throws a ConfigError `ref_all_unavailable`. */
function described(call: RefCall, scope: NodeScope): readonly DatasetRelation[] {
  const members = scope.refAll(call);
  if (members.every((member) => member.described.length > 0)) return members;
  const { name, origin } = call;
  throw new ConfigError(`ref_all("${name}"): its columns are not known here`, {
    code: 'ref_all_unavailable',
    origin,
    next: `List the columns of "${name}" in its property file, or write a model that reads ref_all("${name}").`,
  });
}
