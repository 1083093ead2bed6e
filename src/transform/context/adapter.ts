import { ConfigError } from '../../core/errors.ts';
import { quoteIdentifier } from '../../sql/quoting.ts';
import type { RelationName } from '../manifest/transform-node.ts';
import {
  type CallArguments,
  printed,
  type TemplateFunction,
  type TemplateObject,
  type Value,
} from '../jinja/index.ts';
import { createRelation, isRelation, type Relation } from './relation.ts';
import { createColumn, type TemplateColumn } from './template-column.ts';
import type { TemplateDatabase } from './template-database.ts';

export interface AdapterParts {
  /** dbt's adapter type. */
  readonly type: string;
  readonly databaseName: string;
  /** Undefined while the project is read: questions about the warehouse then have no answer (None). */
  readonly database: TemplateDatabase | undefined;
  readonly dispatch: TemplateFunction;
}

/** Methods of dbt's adapters that are known and not built; each is an error that says so. */
const notYet = new Set([
  'expand_target_column_types',
  'list_relations',
  'list_relations_without_caching',
  'get_column_schema_from_query',
  'get_relations_by_pattern',
  'valid_snapshot_target',
  'get_incremental_strategy_macro',
  'standardize_grants_dict',
  'render_raw_columns_constraints',
  'render_raw_model_constraints',
  'cache_added',
  'cache_dropped',
  'cache_renamed',
  'commit',
  'add_query',
  'external_root',
  'store_relation',
  'behavior',
]);

/** dbt's `adapter` object. */
export function createAdapter(parts: AdapterParts): TemplateObject {
  return new Adapter(parts);
}

class Adapter implements TemplateObject {
  readonly #parts: AdapterParts;

  constructor(parts: AdapterParts) {
    this.#parts = parts;
  }

  jinjaAttribute(name: string): Value | undefined {
    switch (name) {
      case 'type':
        return () => this.#parts.type;
      case 'dispatch':
        return this.#parts.dispatch;
      case 'quote':
      case 'quote_as_configured':
      case 'quote_seed_column':
        return (args: CallArguments) => quoteIdentifier(printed(args.get(0, 'identifier') ?? null));
      case 'get_relation':
        return (args: CallArguments) => this.#getRelation(args);
      case 'get_columns_in_relation':
      case 'get_columns_in_table':
        return (args: CallArguments) => this.#getColumns(args.get(0, 'relation') ?? null);
      case 'get_missing_columns':
        return (args: CallArguments) => this.#getMissingColumns(args);
      case 'check_schema_exists':
      case 'already_exists':
      case 'create_schema':
      case 'drop_schema':
      case 'drop_relation':
      case 'truncate_relation':
      case 'rename_relation':
      case 'execute':
        return this.#change(name);
      default:
        if (!notYet.has(name)) return undefined;
        throw new ConfigError(`adapter.${name} is not yet supported`, { code: 'not_yet_supported' });
    }
  }

  #getRelation(args: CallArguments): Value | Promise<Value> {
    const { database, schema, identifier } = args.bind('get_relation', ['database', 'schema', 'identifier']);
    if (!this.#parts.database) return null;
    return findRelation(this.#parts.database, {
      database: this.#parts.databaseName === '' ? '' : printed(database ?? this.#parts.databaseName),
      schema: printed(schema ?? null),
      identifier: printed(identifier ?? null),
    });
  }

  #getColumns(relation: Value): Value | Promise<Value> {
    const { database } = this.#parts;
    if (!database) return [];
    return columnsOf(database, relationOf(relation));
  }

  async #missingColumns(database: TemplateDatabase, from: Relation, to: Relation): Promise<Value> {
    const present = new Set((await columnsOf(database, to)).map((column) => column.name.toLowerCase()));
    return (await columnsOf(database, from)).filter((column) => !present.has(column.name.toLowerCase()));
  }

  #getMissingColumns(args: CallArguments): Value | Promise<Value> {
    const { from_relation: from, to_relation: to } = args.bind('get_missing_columns', [
      'from_relation',
      'to_relation',
    ]);
    if (!this.#parts.database) return [];
    return this.#missingColumns(this.#parts.database, relationOf(from ?? null), relationOf(to ?? null));
  }

  #change(name: string): TemplateFunction {
    return (args) => {
      const { database } = this.#parts;
      if (!database) return null;
      return changeWarehouse(database, name, args);
    };
  }
}

/** The table or view of that name as it is now; None when there is none. */
export async function findRelation(database: TemplateDatabase, name: RelationName): Promise<Value> {
  const found = (await database.list(name.schema)).find(
    (relation) => relation.name.toLowerCase() === name.identifier.toLowerCase(),
  );
  return found ? createRelation({ ...name, identifier: found.name }, found.type) : null;
}

async function columnsOf(database: TemplateDatabase, relation: Relation): Promise<TemplateColumn[]> {
  const { schema, identifier } = relation.relationName;
  const shape = await database.describe({ schema, name: identifier });
  return (shape?.columns ?? []).map((column) =>
    createColumn(column.name, database.dialect.typeName(column.type), column.type.type),
  );
}

async function changeWarehouse(
  database: TemplateDatabase,
  name: string,
  args: CallArguments,
): Promise<Value> {
  const [first = null, second = null] = args.positional;
  switch (name) {
    case 'check_schema_exists':
      return (await database.list(printed(args.positional.at(-1) ?? null))).length > 0;
    case 'already_exists':
      return (await database.list(printed(first))).some((relation) => relation.name === second);
    case 'create_schema':
      await database.execute(
        `create schema if not exists ${quoteIdentifier(relationOf(first).relationName.schema)}`,
      );
      return null;
    case 'drop_schema':
      await database.execute(
        `drop schema if exists ${quoteIdentifier(relationOf(first).relationName.schema)} cascade`,
      );
      return null;
    case 'drop_relation': {
      const relation = relationOf(first);
      await database.execute(
        `drop ${relation.type === 'view' ? 'view' : 'table'} if exists ${relation.toString()}`,
      );
      return null;
    }
    case 'truncate_relation':
      await database.execute(`truncate table ${relationOf(first).toString()}`);
      return null;
    case 'rename_relation': {
      const [from, to] = [relationOf(first), relationOf(second)];
      const kind = from.type === 'view' ? 'view' : 'table';
      await database.execute(
        `alter ${kind} ${from.toString()} rename to ${quoteIdentifier(to.relationName.identifier)}`,
      );
      return null;
    }
    default:
      await database.execute(printed(first));
      return null;
  }
}

function relationOf(value: Value): Relation {
  if (isRelation(value)) return value;
  throw new ConfigError('a relation is needed here, such as ref(...) or this', { code: 'template_type' });
}
