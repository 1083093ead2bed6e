import type { DefinitionNode, Statement, TemplateAst } from '../syntax/ast.ts';
import { parseAst } from '../syntax/parser.ts';
import { Macro } from './macro.ts';
import { executeAll } from './statement-executor.ts';

/** A template that was read and can be rendered any number of times. */
export interface Template {
  /** Path relative to the project folder. */
  readonly file: string;
  readonly ast: TemplateAst;
  readonly body: readonly Statement[];
  /**
   * The macros, tests and materializations at the template's top level by dbt's names: `name`, `test_name`,
   * `materialization_name_adapter`. They are values that a context may hand out: `package.macro()` of another file.
   */
  readonly macros: ReadonlyMap<string, Macro>;
}

/** Reads a template. Throws a `TemplateError` with code `template_syntax` or `template_unsupported`. */
export function parseTemplate(source: string, file: string): Template {
  return templateOf(parseAst(source, file), file);
}

/** A template of a tree that was read before, for example one kept as JSON. */
export function templateOf(ast: TemplateAst, file: string): Template {
  const macros = new Map<string, Macro>();
  for (const node of ast.body) {
    const name = node.kind === 'definition' ? macroName(node) : undefined;
    if (node.kind !== 'definition' || name === undefined) continue;
    macros.set(name, new Macro({ name, file, routine: node, scope: undefined, run: executeAll }));
  }
  return { file, ast, body: ast.body, macros };
}

/** dbt's name of a block as a macro; `undefined` for a block that cannot be called. */
export function macroName(node: DefinitionNode): string | undefined {
  switch (node.sort) {
    case 'macro':
      return node.name;
    case 'test':
      return `test_${node.name}`;
    case 'materialization':
      return `materialization_${node.name}_${node.adapter}`;
    default:
      return undefined;
  }
}

/** The inside of a snapshot block as a template of its own. */
export function snapshotTemplate(template: Template, snapshot: DefinitionNode): Template {
  return { ...template, body: snapshot.body };
}

/** Templates by their text, so that a text is read once however often it is asked for. */
export class TemplateCache {
  readonly #templates: Map<string, Template> = new Map();
  readonly #capacity: number;

  /** `capacity` is in templates; the one that was not used for the longest time goes first. */
  constructor(capacity: number = 20_000) {
    this.#capacity = capacity;
  }

  parse(source: string, file: string): Template {
    const key = `${file}\0${source}`;
    const known = this.#templates.get(key);
    if (known) this.#templates.delete(key);
    const template = known ?? parseTemplate(source, file);
    this.#templates.set(key, template);
    const [oldest] = this.#templates.keys();
    if (this.#templates.size > this.#capacity && oldest !== undefined) this.#templates.delete(oldest);
    return template;
  }
}
