import type { RelationName } from '../manifest/transform-node.ts';
import { type CallArguments, printed, type Value } from '../jinja/index.ts';
import { createRelation, isRelation, type Relation } from './relation.ts';
import { createColumn, type TemplateColumn } from './template-column.ts';
import type { TemplateDatabase } from './template-database.ts';

/** The table or view of that name as it is now; None when there is none. */
export async function findRelation(database: TemplateDatabase, name: RelationName): Promise<Value> {
  const found = (await database.list(name.schema, name.database)).find(
    (relation) => relation.name.toLowerCase() === name.identifier.toLowerCase(),
  );
  return found ? createRelation({ ...name, identifier: found.name }, found.type) : null;
}

/** `list_relations(database, schema)`, or `list_relations_without_caching(schema_relation)` */
export async function listRelations(
  database: TemplateDatabase,
  databaseName: string,
  args: CallArguments,
): Promise<Value> {
  const [first] = args.positional;
  const schema =
    first !== undefined && isRelation(first)
      ? first.relationName.schema
      : printed(args.get(1, 'schema') ?? null);
  return (await database.list(schema)).map(({ name, type }) =>
    createRelation({ database: databaseName, schema, identifier: name }, type),
  );
}

export async function columnsOf(database: TemplateDatabase, relation: Relation): Promise<TemplateColumn[]> {
  const columns = await database.columns(relation.relationName);
  return columns.map(({ name, dataType }) => createColumn(name, dataType));
}

/** Columns of `from` that `to` does not have. */
export async function missingColumns(
  database: TemplateDatabase,
  from: Relation,
  to: Relation,
): Promise<TemplateColumn[]> {
  const present = new Set((await columnsOf(database, to)).map((column) => column.name.toLowerCase()));
  return (await columnsOf(database, from)).filter((column) => !present.has(column.name.toLowerCase()));
}

/** The columns that a query would give. */
export async function queryColumns(database: TemplateDatabase, sql: string): Promise<TemplateColumn[]> {
  const { columns } = await database.query(`select * from (${sql}) as columns_of where false limit 0`);
  return columns.map((column) => createColumn(column.name, database.dialect.typeName(column.type)));
}
