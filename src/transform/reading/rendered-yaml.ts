import type { YamlFile, YamlPath } from '../files/yaml-file.ts';
import type { Mistakes } from '../files/mistakes.ts';
import { isJsonRecord } from '../files/plain-value.ts';
import {
  parseTemplate,
  type RenderContext,
  renderNativeSync,
  TemplateError,
  toJs,
  ValueError,
} from '../jinja/index.ts';
import { ConfigError } from '../../core/errors.ts';

const hookKeys: ReadonlySet<string> = new Set(['pre-hook', 'pre_hook', 'post-hook', 'post_hook']);
const runKeys: ReadonlySet<string> = new Set(['on-run-start', 'on-run-end', 'query-comment', 'vars']);
const testKeys: ReadonlySet<string> = new Set(['tests', 'data_tests']);

/**
 * The file's value with every template in it rendered; a template that is the whole text keeps its
 * type (`enabled: "{{ var('on') }}"` is a boolean). Errors name the place in the YAML.
 */
export function renderYamlValues(
  yaml: YamlFile,
  context: RenderContext,
  isLate: (path: YamlPath, key: string) => boolean,
  mistakes: Mistakes,
): unknown {
  const walk = (value: unknown, path: YamlPath): unknown => {
    if (typeof value === 'string')
      return isTemplate(value) ? renderValue(yaml, value, context, path, mistakes) : value;
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]));
    if (!isJsonRecord(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [
        key,
        isLate(path, key) ? item : walk(item, [...path, key]),
      ]),
    );
  };
  return walk(yaml.value, []);
}

/** In `dbt_project.yml`: what runs, and variables, are rendered when they are used, with a node's own context. */
export function isLateInProject(path: YamlPath, key: string): boolean {
  return path.length === 0 ? runKeys.has(key) : hookKeys.has(key.replace(/^\+/, ''));
}

/** In property files: tests, those that belong to nothing and are without effect among them, hooks and the conditions of metrics and saved queries. */
export function isLateInProperties(path: YamlPath, key: string): boolean {
  const [section, , part] = path;
  if (section === 'metrics') return key === 'filter';
  if (section === 'saved_queries') return part === 'query_params' && key === 'where';
  if (testKeys.has(key)) return path.length === 0 || path.length === 2 || isColumnOrTable(path);
  return hookKeys.has(key.replace(/^\+/, '')) && path.at(-1) === 'config';
}

/** Whether `path` ends in an entry of `columns:`, `tables:` or `versions:`. */
function isColumnOrTable(path: YamlPath): boolean {
  return ['columns', 'tables', 'versions'].includes(String(path.at(-2)));
}

export function isTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('{%') || text.includes('{#');
}

function renderValue(
  yaml: YamlFile,
  text: string,
  context: RenderContext,
  path: YamlPath,
  mistakes: Mistakes,
): unknown {
  try {
    return toJs(renderNativeSync(parseTemplate(text, yaml.file), context));
  } catch (error) {
    if (!(error instanceof TemplateError || error instanceof ValueError)) throw error;
    const { summary, next } = error instanceof TemplateError ? error : { summary: error.message };
    mistakes.caught(
      new ConfigError(summary, {
        code: error.code,
        origin: yaml.locate(path),
        ...(next === undefined ? {} : { next }),
      }),
    );
    return null;
  }
}
