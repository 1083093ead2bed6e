import { ConfigError } from '../../core/errors.ts';
import type { LogLevel } from '../../core/executor.ts';
import { type CallArguments, printed, type TemplateObject, type Value } from '../jinja/index.ts';

export type Log = (message: string, level: LogLevel) => void;

/** `log(msg, info=False)`, which prints nothing where it stands. */
export function logFunction(log: Log): (args: CallArguments) => Value {
  return (args) => {
    const { msg, info } = args.bind('log', ['msg', 'info?']);
    log(printed(msg ?? null), info === true ? 'info' : 'debug');
    return '';
  };
}

/** `print(msg)` */
export function printFunction(log: Log): (args: CallArguments) => Value {
  return (args) => {
    log(printed(args.get(0, 'msg') ?? ''), 'info');
    return '';
  };
}

const raising = new Set([
  'raise_ambiguous_alias',
  'raise_ambiguous_catalog_match',
  'raise_cache_inconsistent',
  'raise_dataclass_not_dict',
  'raise_dep_not_found',
  'raise_duplicate_patch_name',
  'raise_invalid_property_yml_version',
  'raise_compiler_error',
  'raise_not_implemented',
  'raise_database_error',
  'raise_dependency_error',
  'raise_duplicate_resource_name',
  'raise_fail_fast_error',
  'raise_contract_error',
  'missing_config',
  'missing_relation',
  'missing_materialization',
  'column_type_missing',
  'relation_wrong_type',
]);

/** dbt's `exceptions`: every `raise_...` becomes an error at the place of its call. */
export function createExceptions(log: Log): TemplateObject {
  return new Exceptions(log);
}

class Exceptions implements TemplateObject {
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  jinjaAttribute(name: string): Value | undefined {
    if (name === 'warn' || name === 'warn_snapshot_timestamp_data_types') {
      return (args: CallArguments) => {
        this.#log(
          args.positional.map((value) => printed(value)).join(', ') || printed(args.get(0, 'msg') ?? ''),
          'warn',
        );
        return '';
      };
    }
    if (!raising.has(name)) return undefined;
    return (args: CallArguments) => {
      const message = [...args.positional, ...args.keyword.values()]
        .map((value) => printed(value))
        .join(', ');
      throw new ConfigError(message, { code: 'template_raised' });
    };
  }
}
