import { nearest } from '../../core/near-name.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';
import { notYetSupported } from './unsupported.ts';

/** Values by variable name, in the flat spelling (`stream_table`). */
export type TemplateValues = Readonly<Record<string, string>>;

const variable = /\{([A-Za-z_][A-Za-z0-9_.]*)\}/g;

/** Variables of the format that have no value in a name, with what to do instead. */
const unbuilt: readonly (readonly [RegExp, string])[] = [
  [/^store_/, 'A hook at the start of the file must store it: hooks: { start: [{ type: store, ... }] }'],
  [
    /^(state|run|runs)[._]/,
    'It has a value in hooks only; use env.NAME, or store it in a hook at the start of the file',
  ],
  [/^object_/, 'It is the name that is being made; it can be used in sql:, where: and hooks'],
  [
    /^(stream_scanner|stream_run_id|target_table)$/,
    'Use the stream_, source_ and target_ variables, or env.NAME',
  ],
  [/^(source|target)_(bucket|account|container)$/, 'Write its name out, or use env.NAME'],
];

/** `{stream.table}` and `{stream_table}` are one variable. */
function flatName(name: string): string {
  return name.replace(/^(stream|source|target|object|timestamp|execution|store)\./, '$1_');
}

/**
 * Fills a template.
 * @throws ConfigError for a variable that has no value; nothing is dropped in silence
 */
export function fillTemplate(template: string, values: TemplateValues, origin: Origin): string {
  return template.replace(variable, (whole, written: string) => {
    const name = flatName(written);
    const value = values[name];
    if (value !== undefined) return value;
    const [, alternative] = unbuilt.find(([pattern]) => pattern.test(name)) ?? [];
    if (alternative !== undefined) throw notYetSupported(whole, alternative, origin);
    const near = nearest(name, Object.keys(values));
    throw new ConfigError(
      `the variable ${whole} has no value here${near ? `, did you mean '{${near}}'?` : ''}`,
      {
        code: 'variable_unknown',
        origin,
        next: `Known here: ${Object.keys(values)
          .map((key) => `{${key}}`)
          .join(' ')}`,
      },
    );
  });
}

/** Fills the variables that have a value and leaves other braces alone, as SQL has them for its own ends. */
export function fillKnown(text: string, values: TemplateValues): string {
  return text.replace(variable, (whole, written: string) => values[flatName(written)] ?? whole);
}

/** Flat names of the variables that a template holds. */
export function variablesIn(template: string): readonly string[] {
  return [...template.matchAll(variable)].map(([, written = '']) => flatName(written));
}
