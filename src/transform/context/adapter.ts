import { ConfigError } from '../../core/errors.ts';
import { quoteIdentifier } from '../../sql/quoting.ts';
import {
  type CallArguments,
  mappingOf,
  methodValue,
  printed,
  type TemplateFunction,
  type TemplateObject,
  type Value,
} from '../jinja/index.ts';
import { columnsOf, findRelation, listRelations, missingColumns, queryColumns } from './adapter-questions.ts';
import { changeWarehouse, isChange } from './adapter-changes.ts';
import { relationArgument } from './relation.ts';
import { ResultTable } from './result-table.ts';
import type { TemplateDatabase } from './template-database.ts';

export interface AdapterParts {
  /** dbt's adapter type. */
  readonly type: string;
  readonly databaseName: string;
  /** dbt's `adapter.config`. */
  readonly config: Value;
  /** Undefined while the project is read: questions about the warehouse then have no answer (None). */
  readonly database: TemplateDatabase | undefined;
  readonly dispatch: TemplateFunction;
}

/** Methods that keep books which Millrace does not have, or guard what cannot go wrong here. */
const withoutEffect = new Set([
  'cache_added',
  'cache_dropped',
  'cache_renamed',
  'commit',
  'clear_transaction',
  'expand_target_column_types',
  'valid_snapshot_target',
  'assert_valid_snapshot_target_given_strategy',
  'verify_database',
  'set_relations_cache',
]);

/** Methods of dbt's adapters that are known and not built; each is an error that says so. */
const notYet = new Set([
  'render_raw_columns_constraints',
  'render_raw_model_constraints',
  'external_root',
  'external_write_options',
  'external_read_location',
  'store_relation',
  'location_exists',
  'parse_index',
  'get_catalog_integration',
  'build_catalog_relation',
]);

/** dbt's `adapter` object. */
export function createAdapter(parts: AdapterParts): TemplateObject {
  return new Adapter(parts);
}

/** dbt's behaviour flags: none is set. */
const behavior: TemplateObject = {
  jinjaAttribute: (name) => (name === 'no_warn' || name === 'setting' ? false : unsetFlag),
};
const unsetFlag: TemplateObject = { jinjaTruth: () => false, jinjaAttribute: () => false };

class Adapter implements TemplateObject {
  readonly #parts: AdapterParts;

  constructor(parts: AdapterParts) {
    this.#parts = parts;
  }

  jinjaAttribute(name: string): Value | undefined {
    if (withoutEffect.has(name)) return methodValue(name, () => null);
    if (isChange(name))
      return this.#asking(name, null, (database, args) => changeWarehouse(database, name, args));
    if (notYet.has(name)) {
      throw new ConfigError(`adapter.${name} is not yet supported`, { code: 'not_yet_supported' });
    }
    switch (name) {
      case 'type':
        return () => this.#parts.type;
      case 'dispatch':
        return this.#parts.dispatch;
      case 'config':
        return this.#parts.config;
      case 'behavior':
        return behavior;
      case 'quote':
      case 'quote_as_configured':
      case 'quote_seed_column':
        return methodValue(name, (args) => quoteIdentifier(printed(args.get(0, 'identifier') ?? null)));
      case 'is_motherduck':
      case 'is_ducklake':
        return () => false;
      case 'get_incremental_strategy_macro':
        return methodValue(name, (args) => strategyMacro(args));
      case 'standardize_grants_dict':
        return methodValue(name, (args) => grantsByPrivilege(args.get(0, 'grants_table') ?? null));
      case 'get_hard_deletes_behavior':
        return methodValue(name, (args) => hardDeletes(args.get(0, 'config') ?? null));
      default:
        return this.#question(name);
    }
  }

  #question(name: string): Value | undefined {
    switch (name) {
      case 'get_relation':
        return this.#asking(name, null, (database, args) => this.#getRelation(database, args));
      case 'load_relation':
        return this.#asking(name, null, (database, args) =>
          findRelation(database, relationArgument(args.get(0, 'relation')).relationName),
        );
      case 'list_relations':
      case 'list_relations_without_caching':
        return this.#asking(name, [], (database, args) =>
          listRelations(database, this.#parts.databaseName, args),
        );
      case 'get_columns_in_relation':
      case 'get_columns_in_table':
        return this.#asking(name, [], (database, args) =>
          columnsOf(database, relationArgument(args.get(0, 'relation'))),
        );
      case 'get_missing_columns':
        return this.#asking(name, [], (database, args) => {
          const { from_relation: from, to_relation: to } = args.bind(name, ['from_relation', 'to_relation']);
          return missingColumns(database, relationArgument(from), relationArgument(to));
        });
      case 'get_column_schema_from_query':
        return this.#asking(name, [], (database, args) =>
          queryColumns(database, printed(args.get(0, 'sql') ?? '')),
        );
      default:
        return undefined;
    }
  }

  /** A method that needs the warehouse; without one it gives `otherwise`. */
  #asking(
    name: string,
    otherwise: Value,
    work: (database: TemplateDatabase, args: CallArguments) => Promise<Value>,
  ): TemplateFunction {
    const { database } = this.#parts;
    return methodValue(name, (args) => {
      if (database) return work(database, args);
      return Array.isArray(otherwise) ? [] : otherwise;
    });
  }

  #getRelation(warehouse: TemplateDatabase, args: CallArguments): Promise<Value> {
    const { database, schema, identifier } = args.bind('get_relation', ['database', 'schema', 'identifier']);
    return findRelation(warehouse, {
      database: this.#parts.databaseName === '' ? '' : printed(database ?? this.#parts.databaseName),
      schema: printed(schema ?? null),
      identifier: printed(identifier ?? null),
    });
  }
}

function strategyMacro(args: CallArguments): Value {
  const strategy = printed(args.get(1, 'strategy') ?? args.positional.at(-1) ?? 'default');
  const name = `get_incremental_${strategy.replace('+', '_')}_sql`;
  const macro = args.site.lookup(name);
  if (macro !== undefined) return macro;
  throw new ConfigError(`there is no macro "${name}" for the incremental strategy "${strategy}"`, {
    code: 'macro_missing',
  });
}

function hardDeletes(config: Value): Value {
  const given = mappingOf(config);
  const old = given?.get('invalidate_hard_deletes') === true ? 'invalidate' : 'ignore';
  return given?.get('hard_deletes') ?? old;
}

/** A table of grantees and privileges as lists of grantees by privilege; what is no such table stays as it is. */
function grantsByPrivilege(table: Value): Value {
  if (!(table instanceof ResultTable)) return table ?? {};
  const found = new Map<string, Value[]>();
  for (const { values } of table.rows) {
    const [grantee = null, privilege = null] = values;
    const key = printed(privilege).toLowerCase();
    found.set(key, [...(found.get(key) ?? []), grantee]);
  }
  return Object.fromEntries(found);
}
