import { DataError } from '../../../core/errors.ts';
import { flattenRecord } from '../formats/json-flatten.ts';
import { verbatim } from '../formats/json-text.ts';
import type { ReadOptions } from '../options/read-options.ts';

/** Records as lines of JSON in which DuckDB rounds nothing. */
export class VerbatimRecords {
  readonly #records: AsyncIterable<Readonly<Record<string, unknown>>>;
  /** True when a value had to be written as a string. */
  isUsed = false;

  constructor(records: AsyncIterable<Readonly<Record<string, unknown>>>) {
    this.#records = records;
  }

  async *lines(): AsyncGenerator<string> {
    for await (const record of this.#records) yield `${this.#line(record)}\n`;
  }

  #line(record: Readonly<Record<string, unknown>>): string {
    const entries = Object.entries(record).map(([name, value]) => [name, verbatim(value), value] as const);
    if (entries.every(([, exact, value]) => exact === value)) return JSON.stringify(record);
    this.isUsed = true;
    return JSON.stringify(Object.fromEntries(entries));
  }
}

/** Records whose nested objects are columns, as far down as the options want it. */
export async function* flattened(
  records: AsyncIterable<Readonly<Record<string, unknown>>>,
  { flatten }: ReadOptions,
  place: string,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  let number = 0;
  for await (const record of records) {
    number += 1;
    if (flatten === 0) yield record;
    else yield flattenOne(record, flatten, `${place}, record ${number}`);
  }
}

function flattenOne(
  record: Readonly<Record<string, unknown>>,
  depth: number,
  place: string,
): Readonly<Record<string, unknown>> {
  try {
    return flattenRecord(record, depth);
  } catch (error) {
    throw new DataError(`${place}: flatten: ${error instanceof Error ? error.message : 'failed'}.`, {
      code: 'column_twice',
      state: 'Nothing was published.',
      next: 'Leave flatten out, or rename one of the keys by jmespath or jq.',
    });
  }
}
