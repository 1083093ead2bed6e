import type { YamlFile, YamlPath } from '../files/yaml-file.ts';
import type { Mistakes } from '../files/mistakes.ts';
import { isJsonRecord } from '../files/plain-value.ts';
import { parseTemplate, type RenderContext, renderNativeSync, TemplateError, toJs } from '../jinja/index.ts';
import { ConfigError } from '../../core/errors.ts';

/** Keys whose templates dbt renders later, with the node's own context. */
const lateKeys: ReadonlySet<string> = new Set([
  'pre-hook',
  '+pre-hook',
  'pre_hook',
  '+pre_hook',
  'post-hook',
  '+post-hook',
  'post_hook',
  '+post_hook',
  'on-run-start',
  'on-run-end',
  'query-comment',
  'vars',
  'tests',
  'data_tests',
  'unit_tests',
  'semantic_models',
  'metrics',
  'saved_queries',
]);

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

/** In `dbt_project.yml` the trees `tests` and `data_tests` hold configuration, which is rendered at once. */
export function isLateInProject(path: YamlPath, key: string): boolean {
  return lateKeys.has(key) && !(path.length === 0 && ['tests', 'data_tests', 'unit_tests'].includes(key));
}

export function isLateInProperties(_path: YamlPath, key: string): boolean {
  return lateKeys.has(key);
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
    if (!(error instanceof TemplateError)) throw error;
    mistakes.caught(
      new ConfigError(error.summary, {
        code: error.code,
        origin: yaml.locate(path),
        ...(error.next === undefined ? {} : { next: error.next }),
      }),
    );
    return null;
  }
}
