import { ConfigError } from '../../core/errors.ts';
import type { Macros, ProjectMacro } from '../context/macro-set.ts';
import type { Mistakes } from '../files/mistakes.ts';
import type { ProjectFile } from '../files/project-files.ts';
import { macroName, parseTemplate, type Template, TemplateError } from '../jinja/index.ts';

/** Macros that dbt calls by name while it builds. Millrace does not call them, so an override would be without effect. */
const notYetOverridable: ReadonlySet<string> = new Set([
  'get_merge_sql',
  'get_delete_insert_merge_sql',
  'get_insert_overwrite_merge_sql',
  'incremental_validate_on_schema_change',
  'load_csv_rows',
  'create_csv_table',
  'run_hooks',
  'snapshot_merge_sql',
  'get_test_sql',
]);

/** Reads the `macros/` and generic tests of a project or package. `files` hold nothing but definitions. */
export function readMacros(files: readonly ProjectFile[], isRoot: boolean, mistakes: Mistakes): Macros {
  const own = new Map<string, ProjectMacro>();
  for (const file of files) {
    try {
      for (const { name, macro } of definitionsOf(file)) {
        if (isRoot) reportOverride(name, macro, mistakes);
        addMacro(own, name, macro, mistakes);
      }
    } catch (error) {
      mistakes.caught(error);
    }
  }
  return own;
}

function* definitionsOf(file: ProjectFile): Iterable<{ name: string; macro: ProjectMacro }> {
  const template = parseDefinitions(file.text, file.file);
  for (const definition of template.ast.definitions) {
    const origin = { file: file.file, line: definition.line, column: definition.column };
    if (definition.sort === 'snapshot') {
      throw new ConfigError(`the snapshot "${definition.name}" stands among macros`, {
        code: 'snapshot_misplaced',
        origin,
        next: 'Move it under snapshots/.',
      });
    }
    const name = macroName(definition);
    const value = name === undefined ? undefined : template.macros.get(name);
    if (name === undefined || value === undefined) continue;
    yield { name, macro: { value, text: file.text.slice(definition.start, definition.end), origin } };
  }
}

/** Between macros dbt reads over tags that it does not know. */
function parseDefinitions(text: string, file: string): Template {
  try {
    return parseTemplate(text, file);
  } catch (error) {
    const { line = 1, column = 1 } = (error instanceof TemplateError && error.origin) || {};
    const isOutside = error instanceof TemplateError && /^Unknown tag '\w+'$/.test(error.summary);
    const before = text
      .split('\n')
      .slice(0, line - 1)
      .join('\n');
    const start = before.length + (line > 1 ? 1 : 0) + column - 1;
    const end = text.indexOf('%}', start);
    if (!isOutside || end < 0) throw error;
    const blank = text.slice(start, end + 2).replaceAll(/[^\n]/g, ' ');
    return parseDefinitions(text.slice(0, start) + blank + text.slice(end + 2), file);
  }
}

function addMacro(
  own: Map<string, ProjectMacro>,
  name: string,
  macro: ProjectMacro,
  mistakes: Mistakes,
): void {
  const first = own.get(name);
  if (!first) {
    own.set(name, macro);
    return;
  }
  const { file, line } = first.origin;
  mistakes.add(`the macro "${name}" is defined twice; first in ${file}:${line}`, {
    code: 'macro_twice',
    origin: macro.origin,
  });
}

function reportOverride(name: string, macro: ProjectMacro, mistakes: Mistakes): void {
  const base = name.replace(/^(default|duckdb|postgres)__/, '');
  if (!notYetOverridable.has(base)) return;
  mistakes.add(`overriding dbt's macro "${base}" is not yet supported`, {
    code: 'not_yet_supported',
    origin: macro.origin,
    next: 'Remove the override, or give the macro another name.',
  });
}
