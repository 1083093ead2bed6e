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
export { collectStaticCalls } from './static-calls.ts';
export type { StaticCall, StaticCalls } from './static-calls.ts';
export type { DefinitionNode, DefinitionSort, TemplateAst } from './syntax/ast.ts';
export { CallArguments } from './value/call-arguments.ts';
export type { CallSite } from './value/call-arguments.ts';
export { areEqual, compareValues } from './value/comparison.ts';
export { fromJs, toJs } from './value/conversion.ts';
export { Dict, DictView, mappingOf, SetValue } from './value/mapping.ts';
export type { Mapping } from './value/mapping.ts';
export { methodValue } from './value/method.ts';
export { floatOf } from './value/number.ts';
export { printed, represented, typeName } from './value/printing.ts';
export {
  jinjaAssign,
  jinjaAttribute,
  jinjaBinary,
  jinjaCall,
  jinjaCompare,
  jinjaContains,
  jinjaEquals,
  jinjaItem,
  jinjaIterate,
  jinjaLength,
  jinjaRepr,
  jinjaTruth,
} from './value/protocol-names.ts';
export { isTrue, itemsOf } from './value/sequence.ts';
export { Float, Range, Tuple, Undefined } from './value/value.ts';
export type { Awaitable, TemplateFunction, TemplateObject, Value } from './value/value.ts';
export { contextOf } from './evaluation/context.ts';
export type { OutputSegment, RenderContext, RenderOptions } from './evaluation/context.ts';
export { Macro } from './evaluation/macro.ts';
export {
  callMacro,
  callMacroSync,
  render,
  renderNative,
  renderNativeSync,
  renderSync,
} from './evaluation/render.ts';
export type { MacroArguments } from './evaluation/render.ts';
export {
  macroName,
  parseTemplate,
  snapshotTemplate,
  TemplateCache,
  templateOf,
} from './evaluation/template.ts';
export type { Template } from './evaluation/template.ts';
export { attributeOf } from './library/attribute.ts';
export { jsonText } from './library/json-text.ts';
