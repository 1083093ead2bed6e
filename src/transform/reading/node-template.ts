import { snapshotTemplate, type Template, TemplateCache } from '../jinja/index.ts';
import type { AnalysisNode, ModelNode, SnapshotNode } from '../manifest/transform-node.ts';

/** Texts that did not change since they were last asked for in this process are not parsed again. */
const templates = new TemplateCache();

/** A text of a project as a template. Throws a `TemplateError`. */
export function textTemplate(text: string, file: string): Template {
  return templates.parse(text, file);
}

/** The template that a node is made from: its text, or the inside of a `{% snapshot %}` block of it. */
export function nodeTemplate(node: ModelNode | SnapshotNode | AnalysisNode): Template {
  const template = textTemplate(node.sql, node.origin.file);
  if (node.kind !== 'snapshot') return template;
  const block = template.ast.definitions.find(({ sort, name }) => sort === 'snapshot' && name === node.name);
  return block ? snapshotTemplate(template, block) : template;
}
