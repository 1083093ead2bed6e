import { createRelation } from '../context/relation.ts';
import { overridingMacro } from '../context/macro-set.ts';
import { nodeContext } from '../context/node-context.ts';
import type { Moment, NodeScope } from '../context/render-scope.ts';
import {
  type Awaitable,
  callMacro,
  callMacroSync,
  contextOf,
  type OutputSegment,
  parseTemplate,
  printed,
  render,
  type RenderContext,
  type RenderOptions,
  renderSync,
  type Template,
  type Value,
} from '../jinja/index.ts';
import type {
  AnalysisNode,
  Dependency,
  ModelNode,
  SnapshotNode,
  TestNode,
} from '../manifest/transform-node.ts';
import { genericTestArguments, genericTestMacro, testedRelation } from '../reading/generic-test-call.ts';
import { cteNameOf, ephemeralsOf, type Manifest, scopeOf } from '../reading/manifest.ts';
import { nodeTemplate, textTemplate } from '../reading/node-template.ts';
import { type CompiledSql, compiledFrom } from './compiled-sql.ts';
import { relationOf, runScope } from './run-scope.ts';
import { type Cte, injectCtes } from './cte-injection.ts';

/** What has SQL of its own. */
export type CompiledNode = ModelNode | SnapshotNode | AnalysisNode | TestNode;

/** The SQL of a model, snapshot or test with its ephemeral models injected. Queries that the template runs go to the moment's database. */
export async function compileNode(
  manifest: Manifest,
  node: CompiledNode,
  moment: Moment,
): Promise<CompiledSql> {
  const body = await renderNode(manifest, node, moment, asynchronous);
  const ctes: Cte[] = [];
  for (const ephemeral of ephemeralsOf(manifest, node.dependencies)) {
    ctes.push({
      name: cteNameOf(ephemeral),
      compiled: await renderNode(manifest, ephemeral, { ...moment, isIncremental: false }, asynchronous),
    });
  }
  return injectCtes(body, ctes);
}

/** The same without a database: what the template says while `execute` is false. */
export function compileNodeSync(manifest: Manifest, node: CompiledNode, moment: Moment): CompiledSql {
  const body = renderNode(manifest, node, moment, lenient);
  return injectCtes(settled(body), ctesSync(manifest, node.dependencies, moment));
}

/** Compiles SQL that belongs to no node, such as a report's. */
export function compileTextSync(
  manifest: Manifest,
  template: { readonly text: string; readonly file: string },
  scope: NodeScope,
  dependencies: () => readonly Dependency[],
  moment: Moment,
): CompiledSql {
  const context = nodeContext(manifest.scope, scope, moment);
  const body = renderTemplate(parseTemplate(template.text, template.file), template, context, strict);
  return injectCtes(settled(body), ctesSync(manifest, dependencies(), moment));
}

/** Renders a hook with the node's context. */
export async function renderHook(
  manifest: Manifest,
  node: Parameters<typeof runScope>[1],
  sql: string,
  moment: Moment,
): Promise<string> {
  const context = nodeContext(scopeOf(manifest, node), runScope(manifest, node, moment), moment);
  const local = contextOf(node.kind === 'test' ? {} : { this: createRelation(node.relation) }, context);
  return (await render(parseTemplate(sql, node.origin.file), local)).trim();
}

interface Mode {
  render(template: Template, context: RenderContext, options: RenderOptions): Awaitable<string>;
  call: typeof callMacro | typeof callMacroSync;
  /** Whether what hangs on a missing value is missing too, as it must be where no query is run. */
  readonly isLenient: boolean;
}

const asynchronous: Mode = { render, call: callMacro, isLenient: false };
const strict: Mode = { render: renderSync, call: callMacroSync, isLenient: false };
const lenient: Mode = { ...strict, isLenient: true };

function ctesSync(manifest: Manifest, dependencies: readonly Dependency[], moment: Moment): readonly Cte[] {
  return ephemeralsOf(manifest, dependencies).map((ephemeral) => ({
    name: cteNameOf(ephemeral),
    compiled: settled(renderNode(manifest, ephemeral, moment, lenient)),
  }));
}

function renderNode(
  manifest: Manifest,
  node: CompiledNode,
  moment: Moment,
  mode: Mode,
): Awaitable<CompiledSql> {
  const context = nodeContext(scopeOf(manifest, node), runScope(manifest, node, moment), moment);
  if (node.kind === 'model' && node.language === 'python') return { sql: node.sql, parts: [] };
  if (node.kind !== 'test') {
    return renderTemplate(nodeTemplate(node), { text: node.sql, file: node.origin.file }, context, mode);
  }
  if (node.body.sort === 'singular') {
    const { sql } = node.body;
    const template = textTemplate(sql, node.origin.file);
    return renderTemplate(template, { text: sql, file: node.origin.file }, context, mode);
  }
  return renderGenericTest(manifest, node, context, mode);
}

function renderTemplate(
  template: Template,
  source: { readonly text: string; readonly file: string },
  context: RenderContext,
  mode: Mode,
): Awaitable<CompiledSql> {
  let segments: readonly OutputSegment[] = [];
  const text = mode.render(template, context, {
    lenientUndefined: mode.isLenient,
    onSegments: (list) => {
      segments = list;
    },
  });
  return then(text, (sql) => compiledFrom(sql, segments, source.file));
}

function renderGenericTest(
  manifest: Manifest,
  node: TestNode,
  context: RenderContext,
  mode: Mode,
): Awaitable<CompiledSql> {
  const { body } = node;
  if (body.sort !== 'generic') throw new TypeError(`${node.key} is no generic test`);
  const { arguments: argumentsAsWritten, test } = body;
  const tested = manifest.byId.get(body.model);
  if (!tested || tested.kind === 'test') throw new TypeError(`${node.key} tests nothing`);
  const { macros } = scopeOf(manifest, node);
  const options = { lenientUndefined: mode.isLenient };
  const narrowing = overridingMacro(macros, 'get_where_subquery');
  const model =
    narrowing === undefined
      ? testedRelation(relationOf(tested), node.config.where)
      : mode.call(narrowing, context, { positional: [relationOf(tested)] }, options);
  return then(then(model, callTest), (value) => {
    const sql = printed(value).trim();
    return { sql, parts: [{ start: 0, end: sql.length, origin: node.origin, isText: false }] };
  });

  function callTest(subject: Value): Awaitable<Value> {
    const keyword = genericTestArguments(argumentsAsWritten, subject, context, node.origin.file);
    return mode.call(genericTestMacro(macros, test), context, { keyword }, options);
  }
}

function then<A, B>(value: Awaitable<A>, change: (value: A) => Awaitable<B>): Awaitable<B> {
  return value instanceof Promise ? value.then(change) : change(value);
}

function settled<T>(value: Awaitable<T>): T {
  if (value instanceof Promise) throw new TypeError('a synchronous rendering gave a promise');
  return value;
}
