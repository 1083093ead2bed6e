import { ConfigError } from '../../core/errors.ts';
import { quoteIdentifier } from '../../sql/quoting.ts';
import { type CallArguments, printed, Tuple, type Value } from '../jinja/index.ts';
import { isRelation, type Relation, relationArgument } from './relation.ts';
import { createResultTable } from './result-table.ts';
import type { TemplateDatabase } from './template-database.ts';

type Change = (database: TemplateDatabase, args: CallArguments) => Promise<Value>;

const changes: Readonly<Record<string, Change>> = {
  check_schema_exists: async (database, args) => {
    const schema = printed(args.get(1, 'schema') ?? null).replaceAll("'", "''");
    const sql = `select 1 from information_schema.schemata where schema_name = '${schema}'`;
    return (await database.query(sql)).rows.length > 0;
  },
  already_exists: async (database, args) => {
    const [schema = null, name = null] = args.positional;
    return (await database.list(printed(schema))).some((relation) => relation.name === printed(name));
  },
  create_schema: (database, args) => run(database, `create schema if not exists ${schemaOf(args)}`),
  drop_schema: (database, args) => run(database, `drop schema if exists ${schemaOf(args)} cascade`),
  drop_relation: (database, args) => {
    const relation = relationArgument(args.get(0, 'relation'));
    if (relation.type === undefined) {
      throw new ConfigError(`adapter.drop_relation(): the type of ${relation.toString()} is not known`, {
        code: 'template_type',
        next: "Say it: relation.incorporate(type='table').",
      });
    }
    return run(database, `drop ${kindOf(relation)} if exists ${relation.toString()} cascade`);
  },
  truncate_relation: (database, args) =>
    run(database, `truncate table ${relationArgument(args.get(0, 'relation')).toString()}`),
  rename_relation: (database, args) => {
    const from = relationArgument(args.get(0, 'from_relation'));
    const to = relationArgument(args.get(1, 'to_relation'));
    const name = quoteIdentifier(to.relationName.identifier);
    return run(database, `alter ${kindOf(from)} ${from.toString()} rename to ${name}`);
  },
  add_query: (database, args) => run(database, printed(args.get(0, 'sql') ?? null)),
  execute: async (database, args) => {
    const { sql, fetch } = args.bind('execute', ['sql', 'auto_begin?', 'fetch?', 'limit?']);
    const text = printed(sql ?? null);
    if (fetch !== true)
      return new Tuple([{ code: 'SUCCESS', rows_affected: await database.execute(text) }, null]);
    const result = await database.query(text);
    return new Tuple([{ code: 'SUCCESS', rows_affected: result.rows.length }, createResultTable(result)]);
  },
};

/** Whether `adapter` has a method of that name that runs statements. */
export function isChange(name: string): boolean {
  return Object.hasOwn(changes, name);
}

export async function changeWarehouse(
  database: TemplateDatabase,
  name: string,
  args: CallArguments,
): Promise<Value> {
  return (await changes[name]?.(database, args)) ?? null;
}

async function run(database: TemplateDatabase, sql: string): Promise<Value> {
  await database.execute(sql);
  return null;
}

/** Of a relation, or of `(database, schema)`. */
function schemaOf(args: CallArguments): string {
  const [first = null, second] = args.positional;
  return quoteIdentifier(isRelation(first) ? first.relationName.schema : printed(second ?? first));
}

function kindOf(relation: Relation): string {
  if (relation.type === 'materialized_view') return 'materialized view';
  return relation.type === 'view' ? 'view' : 'table';
}
