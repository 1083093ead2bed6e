import { nearest } from '../../core/near-name.ts';
import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';
import { notYetSupported } from './unsupported.ts';

/** Values by variable name, in the flat spelling (`stream_table`). */
export type TemplateValues = Readonly<Record<string, string>>;

const variable = /\{([A-Za-z_][A-Za-z0-9_.]*)\}/g;

/** Variables of the format that need a clock, a state store or a part of a file: not built. */
const unbuilt = new Set([
  'run_timestamp',
  'stream_run_id',
  'stream_scanner',
  'source_bucket',
  'source_account',
  'source_container',
  'target_bucket',
  'target_account',
  'target_container',
  'target_table',
  'object_name',
  'object_schema',
  'object_table',
  'object_full_name',
  'object_temp_schema',
  'object_temp_table',
  'object_temp_full_name',
  'update_key',
  'YYYY',
  'YY',
  'MMM',
  'MM',
  'DD',
  'DDD',
  'HH',
  'hh',
  'mm',
  'ss',
  'ISO8601',
]);
const unbuiltFamilies = /^(timestamp|execution|store|state|run|runs|part)[._]/;

/** `{stream.table}` and `{stream_table}` are one variable. */
function flatName(name: string): string {
  return name.replace(/^(stream|source|target|object)\./, '$1_');
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
    if (unbuilt.has(name) || unbuiltFamilies.test(name))
      throw notYetSupported(whole, 'Use the stream_, source_ and target_ variables, or env.NAME', origin);
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
