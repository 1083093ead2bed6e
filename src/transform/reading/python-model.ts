import type { ProjectFile } from '../files/project-files.ts';

/** Models in Python are read, for the graph; only dbt runs them. */
export function isPythonFile({ file }: Pick<ProjectFile, 'file'>): boolean {
  return file.endsWith('.py');
}

const call = /\bdbt\s*\.\s*(ref|source|config)\s*\(/g;
const text = /'''[\s\S]*?'''|"""[\s\S]*?"""|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/y;
const comment = /#[^\n]*/g;

/**
 * The calls of `dbt.ref()`, `dbt.source()` and `dbt.config()` in a Python model as a template that makes them, each on its line. Their arguments
 * are literals, which dbt demands too. A table is what a Python model is unless it says something else.
 */
export function pythonTemplate(code: string): string {
  const source = code.replaceAll(comment, (found) => ' '.repeat(found.length));
  const calls = [...source.matchAll(call)].map(({ index, 0: head, 1: name = '' }) => {
    const start = index + head.length;
    return { index, name, given: source.slice(start, closingOf(source, start)) };
  });
  const isSaid = calls.some(({ name, given }) => name === 'config' && /\bmaterialized\s*=/.test(given));
  let template = isSaid ? '' : "{{ config(materialized='table') }}";
  let line = 0;
  for (const { index, name, given } of calls) {
    const at = source.slice(0, index).split('\n').length - 1;
    template += '\n'.repeat(Math.max(0, at - line));
    line = Math.max(line, at);
    template += `{{ ${name}(${given.replaceAll(/\s*\n\s*/g, ' ')}) }}`;
  }
  return template;
}

/** Where the parenthesis that was opened before `start` is closed. */
function closingOf(source: string, start: number): number {
  let depth = 1;
  for (let at = start; at < source.length; at += 1) {
    text.lastIndex = at;
    const found = text.exec(source);
    if (found) {
      at += found[0].length - 1;
      continue;
    }
    const character = source[at] ?? '';
    if ('([{'.includes(character)) depth += 1;
    if (')]}'.includes(character)) depth -= 1;
    if (depth === 0) return at;
  }
  return source.length;
}
