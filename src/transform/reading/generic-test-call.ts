import { ConfigError } from '../../core/errors.ts';
import { isJsonRecord } from '../files/plain-value.ts';
import { didYouMean } from '../files/suggestion.ts';
import { findMacro, macroNamespace, macroNames, type MacroSet } from '../context/macro-set.ts';
import {
  fromJs,
  parseTemplate,
  printed,
  type RenderContext,
  renderNativeSync,
  type Value,
} from '../jinja/index.ts';
import { isTemplate } from './rendered-yaml.ts';

const callInText = /^\s*(env_var|ref|var|source|doc)\s*\(.+\)\s*$/s;

/** The macro of a generic test. Throws `test_missing` when nobody defines it. */
export function genericTestMacro(macros: MacroSet, test: string): Value {
  const [packageName, bare] = test.includes('.')
    ? (test.split('.', 2) as [string, string])
    : [undefined, test];
  const macro =
    packageName === undefined
      ? findMacro(macros, `test_${bare}`)
      : macroNamespace(macros, packageName)?.jinjaAttribute?.(`test_${bare}`);
  if (macro !== undefined) return macro;
  const known = [...macroNames(macros)]
    .filter((name) => name.startsWith('test_'))
    .map((name) => name.slice('test_'.length));
  const next =
    packageName !== undefined && !macros.packages.has(packageName)
      ? `Name the package "${packageName}" in packages.yml.`
      : `Define {% test ${test}(model, column_name) %} under tests/generic or macros.`;
  throw new ConfigError(`there is no test "${test}"${didYouMean(test, known)}`, {
    code: 'test_missing',
    next,
  });
}

/** What the macro is called with: texts such as `ref('orders')` or `{{ var('x') }}` become their values. */
export function genericTestArguments(
  given: Readonly<Record<string, unknown>>,
  model: Value,
  context: RenderContext,
  file: string,
): Record<string, Value> {
  const value = (item: unknown): Value => {
    if (typeof item === 'string') {
      const text = callInText.test(item) && !isTemplate(item) ? `{{ ${item} }}` : item;
      return isTemplate(text) ? renderNativeSync(parseTemplate(text, file), context) : item;
    }
    if (Array.isArray(item)) return item.map((part) => value(part));
    if (isJsonRecord(item)) return new Map(Object.entries(item).map(([key, part]) => [key, value(part)]));
    return fromJs(item);
  };
  const keyword = Object.entries(given).map(([name, item]): [string, Value] => [
    name,
    name === 'column_name' ? String(item) : value(item),
  ]);
  return Object.fromEntries([['model', model], ...keyword]);
}

/** The subject as the test sees it: narrowed by `where`, as dbt does. */
export function testedRelation(relation: Value, where: string | undefined): Value {
  return where === undefined ? relation : `(select * from ${printed(relation)} where ${where}) dbt_subquery`;
}
