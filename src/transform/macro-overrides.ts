import { type CompiledSql } from './compile/compiled-sql.ts';
import { runScope } from './compile/run-scope.ts';
import { type MacroSet, overridingMacro } from './context/macro-set.ts';
import { nodeContext } from './context/node-context.ts';
import { createRelation } from './context/relation.ts';
import type { Moment } from './context/render-scope.ts';
import { createColumn } from './context/template-column.ts';
import { callMacro, contextOf, Dict, printed, type Value } from './jinja/index.ts';
import { strategyMacroName } from './manifest/incremental-strategy.ts';
import type { RefNode, RelationName } from './manifest/transform-node.ts';
import type { BuildOverrides } from './materialize/build.ts';
import { scopeOf } from './reading/manifest.ts';
import type { Step } from './step.ts';

/** What the project's own macros do instead of Millrace when a node is built. */
export function overridesOf(step: Step, node: RefNode, moment: Moment): BuildOverrides {
  const { manifest } = step.project;
  const scope = scopeOf(manifest, node);
  const call = async (macro: Value, sql: string, positional: readonly Value[]): Promise<CompiledSql> => {
    const context = contextOf(
      { sql, compiled_code: sql },
      nodeContext(scope, runScope(manifest, node, moment), moment),
    );
    const made = printed(await callMacro(macro, context, { positional })).trim();
    return { sql: made, parts: [{ start: 0, end: made.length, origin: node.origin, isText: false }] };
  };
  const createTable = firstOf(scope.macros, ['get_create_table_as_sql', 'create_table_as']);
  const createView = firstOf(scope.macros, ['get_create_view_as_sql', 'create_view_as']);
  const strategy = node.entries.get('incremental_strategy')?.value;
  const increment =
    typeof strategy === 'string' ? overridingMacro(scope.macros, strategyMacroName(strategy)) : undefined;
  return {
    ...(createTable === undefined
      ? {}
      : {
          createTable: (relation: RelationName, select: CompiledSql) =>
            call(createTable, select.sql, [false, createRelation(relation, 'table'), select.sql]),
        }),
    ...(createView === undefined
      ? {}
      : {
          createView: (relation: RelationName, select: CompiledSql) =>
            call(createView, select.sql, [createRelation(relation, 'view'), select.sql]),
        }),
    ...(increment === undefined
      ? {}
      : {
          increment: (from: RelationName, columns) =>
            call(increment, '', [
              new Dict([
                ['target_relation', createRelation(node.relation, 'table')],
                ['temp_relation', createRelation(from, 'table')],
                ['unique_key', uniqueKey(node)],
                ['dest_columns', columns.map(({ name, dataType }) => createColumn(name, dataType))],
                ['incremental_predicates', [...node.config.incrementalPredicates]],
              ]),
            ]),
        }),
  };
}

function firstOf(macros: MacroSet, names: readonly string[]): Value | undefined {
  for (const name of names) {
    const macro = overridingMacro(macros, name);
    if (macro !== undefined) return macro;
  }
  return undefined;
}

function uniqueKey({ config: { uniqueKey: keys } }: RefNode): Value {
  if (keys.length === 0) return null;
  return keys.length === 1 ? (keys[0] ?? null) : [...keys];
}
