import { parseTemplate, type Value } from '../jinja/index.ts';
import { changeMacros } from './change-macros.ts';
import { genericTests } from './generic-tests.ts';
import { nameMacros } from './name-macros.ts';
import { relationMacros } from './relation-macros.ts';
import { seriesMacros } from './series-macros.ts';
import { warehouseMacros } from './warehouse-macros.ts';

const texts: Readonly<Record<string, string>> = { changeMacros, genericTests, relationMacros, seriesMacros };

let parsed: readonly (readonly [string, Value])[] | undefined;

/** What dbt defines for every project, by name and without an adapter's prefix: macros and generic tests (`test_unique`). */
export function builtinMacros(dialectName: string, targetSchema: string): ReadonlyMap<string, Value> {
  parsed ??= Object.entries(texts).flatMap(([file, text]) => [
    ...parseTemplate(text, `dbt's ${file}`).macros,
  ]);
  return new Map<string, Value>([...parsed, ...warehouseMacros(dialectName), ...nameMacros(targetSchema)]);
}
