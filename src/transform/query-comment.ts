import { type CompiledSql, concatSql } from './compile/compiled-sql.ts';
import { runDictionary, runScope } from './compile/run-scope.ts';
import { nodeContext } from './context/node-context.ts';
import { readingMoment } from './context/render-scope.ts';
import type { RunArguments } from './context/run-arguments.ts';
import { contextOf, Dict, parseTemplate, renderSync } from './jinja/index.ts';
import type { TransformNode } from './manifest/transform-node.ts';
import type { TransformProject } from './project.ts';
import { scopeOf } from './reading/manifest.ts';

/** The statement with the project's `query-comment`, before or behind it; as it is where there is none. */
export function withQueryComment(
  project: TransformProject,
  node: TransformNode,
  statement: CompiledSql,
  given: RunArguments,
): CompiledSql {
  const { queryComment } = project.manifest.projectFile;
  if (!queryComment) return statement;
  const text = commentText(project, node, queryComment.template, given);
  if (text === '') return statement;
  return queryComment.isAppended
    ? concatSql([statement, `\n/* ${text} */`])
    : concatSql([`/* ${text} */\n`, statement]);
}

function commentText(
  { manifest, connection }: TransformProject,
  node: TransformNode,
  template: string,
  given: RunArguments,
): string {
  const moment = { ...readingMoment, isExecuting: true, arguments: given };
  const context = contextOf(
    { connection_name: connection, node: new Dict(Object.entries(runDictionary(manifest, node))) },
    nodeContext(scopeOf(manifest, node), runScope(manifest, node, moment), moment),
  );
  const text = renderSync(parseTemplate(template, 'dbt_project.yml'), context).trim();
  // What would end the comment may not stand in it.
  return text.replaceAll('*/', '* /');
}
