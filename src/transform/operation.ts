import type { ConnectionProvider } from '../connector/connection.ts';
import { ConfigError } from '../core/errors.ts';
import type { JsonObject } from '../core/json.ts';
import { graphDictionary } from './compile/graph-dictionary.ts';
import { resolvedScope } from './compile/run-scope.ts';
import { findMacro, macroNames, macroNamespace } from './context/macro-set.ts';
import { nodeContext } from './context/node-context.ts';
import type { Moment } from './context/render-scope.ts';
import type { RunArguments } from './context/run-arguments.ts';
import { didYouMean } from './files/suggestion.ts';
import { callMacro, fromJs, printed, type Value } from './jinja/index.ts';
import { relationColumns } from './materialize/relation-columns.ts';
import { sessionRelations } from './materialize/relation-list.ts';
import type { TransformProject } from './project.ts';
import { openWarehouse } from './warehouse.ts';

export interface Operation {
  /** `macro`, or `package.macro`. */
  readonly macro: string;
  readonly arguments: JsonObject;
  readonly given: RunArguments;
  readonly log: Moment['log'];
  readonly signal: AbortSignal;
}

/** Runs a macro of the project with the warehouse at hand, in one transaction. Gives what it returned, as text. */
export async function runOperation(
  project: TransformProject,
  connections: ConnectionProvider,
  operation: Operation,
): Promise<string> {
  const { manifest } = project;
  const macro = macroOf(project, operation.macro);
  const { database } = await openWarehouse(project, connections);
  const scope = resolvedScope(
    manifest,
    {
      home: { packageName: project.name, dataset: undefined },
      model: { name: operation.macro, resource_type: 'operation', package_name: project.name },
      relation: undefined,
      entries: new Map(),
    },
    () => {},
  );
  return await database.transaction(async (session) => {
    const moment: Moment = {
      isExecuting: true,
      isIncremental: false,
      isFullRefresh: operation.given.isFullRefresh,
      startedAtMs: Date.now(),
      invocationId: operation.given.invocationId,
      arguments: operation.given,
      database: {
        dialect: database.dialect,
        query: (sql) => session.query(sql, [], operation.signal),
        execute: (sql) => session.execute(sql, [], operation.signal),
        columns: (relation) => relationColumns(session, database.dialect, relation),
        list: (schema, databaseName = '') =>
          sessionRelations(session, database.dialect, schema, databaseName),
      },
      graph: () => graphDictionary(manifest),
      log: operation.log,
    };
    const keyword = Object.fromEntries(
      Object.entries(operation.arguments).map(([name, value]): [string, Value] => [name, fromJs(value)]),
    );
    const value = await callMacro(macro, nodeContext(manifest.scope, scope, moment), { keyword });
    return printed(value).trim();
  });
}

function macroOf(project: TransformProject, name: string): Value {
  const { macros } = project.manifest.scope;
  const [bare = '', packageName] = name.split('.').toReversed();
  const macro =
    packageName === undefined
      ? findMacro(macros, bare)
      : macroNamespace(macros, packageName)?.jinjaAttribute?.(bare);
  if (macro !== undefined) return macro;
  throw new ConfigError(`there is no macro "${name}"${didYouMean(name, macroNames(macros))}`, {
    code: 'macro_missing',
    next: 'Define it under macros/, or name its package: package.macro',
  });
}
