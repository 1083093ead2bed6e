import { dateFunctions } from './date-functions.ts';
import type { ExpressionFunction } from './function-kind.ts';
import { jq } from './jq.ts';
import { listFunctions } from './list-functions.ts';
import { numberFunctions } from './number-functions.ts';
import { textFunctions } from './text-functions.ts';
import { textTable } from './text-table.ts';

const pretty_table: ExpressionFunction = ([value = null]) => textTable(value);

/** All functions of expressions, by name. They are pure, but for `now` and `uuid`; `jq` has to be answered first. */
export const functions: ReadonlyMap<string, ExpressionFunction> = new Map(
  Object.entries({
    ...textFunctions,
    ...numberFunctions,
    ...dateFunctions,
    ...listFunctions,
    jq,
    pretty_table,
  }),
);

export const functionNames: readonly string[] = [...functions.keys()].toSorted();

/** Functions of Sling's language that are not here, with what to use. */
const absent: Readonly<Record<string, string>> = {
  jq: 'it is for hooks; write the conversion into sql:',
  log: 'use a step of type log',
  set_timezone: 'write the conversion into sql:',
  parse_bit: 'write the conversion into sql:',
  parse_fix: 'write the conversion into sql:',
  duckdb_list_to_text: 'leave it out: lists are loaded as arrays or JSON',
};

/** What to use in the place of a function that is known and not here. */
export function insteadOf(name: string): string | undefined {
  if (/^(de|en)code_(latin|utf|windows)/.test(name)) return 'use source_options.encoding';
  return absent[name];
}
