/**
 * dbt's Jinja: the whole language, with Python's values, awaitable calls and dbt's tags.
 *
 * ```ts
 * const template = parseTemplate("select * from {{ ref('orders', v=2) }}", 'models/a.sql');
 * const context = contextOf({
 *   ref: (args: CallArguments) => {
 *     const { name, v } = args.bind('ref', ['name', 'v?']);
 *     return relations.find(name, v); // any object; it prints by its toString()
 *   },
 *   run_query: async (args: CallArguments) => fromJs(await connection.query(String(args.positional[0]))),
 *   execute: false,
 * });
 * renderSync(template, context);   // parse phase: a callable that returns a promise is an error
 * await render(template, context); // run phase: the promise is awaited in the middle of the expression
 * ```
 *
 * Signatures:
 * - `parseTemplate(source, file): Template`; `template.macros: ReadonlyMap<string, Macro>` has every macro by dbt's name
 *   (`name`, `test_name`, `materialization_name_adapter`), each a template value that a context may hand out
 * - `new TemplateCache()`, `cache.parse(source, file): Template`
 * - `renderSync(template, context, options?): string`, `render(template, context, options?): Promise<string>`
 * - `renderNativeSync(template, context, options?): Value` for YAML values, `renderNative` likewise
 * - `callMacroSync(macro, context, { positional?, keyword? }, options?): Value`, `callMacro` likewise
 * - `toJs(value): unknown` (plain JSON-able data), `fromJs(data): Value`, `printed(value): string`
 * - `collectStaticCalls(ast): StaticCalls`
 */
export { TemplateError, templatePlaceOf, ValueError } from './error/template-error.ts';
export type { MacroCall, TemplatePlace } from './error/template-error.ts';
export type { TemplateAst, DefinitionNode } from './syntax/ast.ts';
export { CallArguments } from './value/call-arguments.ts';
export type { CallSite } from './value/call-arguments.ts';
export {
  Float,
  jinjaAssign,
  jinjaAttribute,
  jinjaCall,
  jinjaContains,
  jinjaEquals,
  jinjaItem,
  jinjaIterate,
  jinjaLength,
  jinjaRepr,
  jinjaTruth,
  Range,
  Tuple,
  Undefined,
} from './value/value.ts';
export type { Awaitable, TemplateFunction, TemplateObject, Value } from './value/value.ts';
export { contextOf } from './evaluation/context.ts';
export type { OutputSegment, RenderContext, RenderOptions } from './evaluation/context.ts';
