import { nodeContext } from '../context/node-context.ts';
import { type NodeScope, type ProjectScope, readingMoment } from '../context/render-scope.ts';
import { parseTemplate, renderSync, TemplateError } from '../jinja/index.ts';
import { MillraceError } from '../../core/errors.ts';
import type { Hook } from '../manifest/hook.ts';

/**
 * Renders hooks as the project is read, so that `scope` hears what they refer to. What they are without a warehouse does not matter: one
 * that cannot be rendered yet is told when it runs.
 */
export function readHookCalls(
  project: ProjectScope,
  scope: NodeScope,
  hooks: readonly Hook[],
  file: string,
): void {
  const templates = hooks.filter(({ sql }) => sql.includes('{{') || sql.includes('{%'));
  if (templates.length === 0) return;
  const context = nodeContext(project, scope, readingMoment);
  for (const { sql } of templates) {
    try {
      renderSync(parseTemplate(sql, file), context, { lenientUndefined: true });
    } catch (error) {
      if (!(error instanceof TemplateError || error instanceof MillraceError)) throw error;
    }
  }
}
