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
 * - A template is read once (`parseTemplate`, `TemplateCache`) and rendered any number of times. Its macros are values that
 *   a context hands out by name; they look their own names up in the context of whoever calls them.
 * - A JavaScript function gets one `CallArguments`. An object shows a template what the methods of `TemplateObject` give.
 * - `renderNativeSync` is for YAML, where a value and not its text is wanted; `callMacro` runs a macro from JavaScript.
 *
 * It agrees with Jinja2 3.1 but for these: bound methods and filters that yield print as functions and lists; a slice of what is no
 * sequence always fails; `else` of a loop that was broken does not run; there is no `import`, `include`, `extends`.
 */
export { TemplateError, templatePlaceOf, ValueError } from './error/template-error.ts';
export { CallArguments } from './value/call-arguments.ts';
export { fromJs, toJs } from './value/conversion.ts';
export { Dict, type Mapping, mappingOf } from './value/mapping.ts';
export { methodValue } from './value/method.ts';
export { printed } from './value/printing.ts';
export { decimalOf } from './value/decimal.ts';
export { decimalOfFloat } from './value/number.ts';
export { itemsOf } from './value/sequence.ts';
export { Tuple } from './value/value.ts';
export type { Awaitable, TemplateFunction, TemplateObject, Value } from './value/value.ts';
export { contextOf } from './evaluation/context.ts';
export type { OutputSegment, RenderContext, RenderOptions } from './evaluation/context.ts';
export { callMacro, callMacroSync, render, renderNativeSync, renderSync } from './evaluation/render.ts';
export {
  macroName,
  parseTemplate,
  snapshotTemplate,
  TemplateCache,
  templateOf,
} from './evaluation/template.ts';
export type { Template } from './evaluation/template.ts';
export { jsonText } from './library/json-text.ts';
