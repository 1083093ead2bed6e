import { ConfigError } from '../../core/errors.ts';
import type { CompiledSql } from '../compile/compiled-sql.ts';
import type { NodeConfig } from '../manifest/node-config.ts';
import type { RelationName } from '../manifest/transform-node.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { besideOf, type Build, relationSql, run } from './build.ts';
import { checkContract } from './contract-check.ts';
import { createTableSql, dropSql } from './ddl.ts';
import { mergeSql } from './merge-sql.ts';
import { dropLeftover, type RunCompiled } from './publish.ts';
import type { RelationColumn } from '../context/template-database.ts';
import { relationColumns } from './relation-columns.ts';

export interface IncrementalResult {
  readonly rowsInserted: number;
  readonly rowsDeleted: number;
}

/** Adds the rows of `select` to the existing table; with `delete+insert`, rows of the same key go first. */
export async function publishIncrement(
  build: Build,
  select: CompiledSql,
  config: NodeConfig,
  runCompiled: RunCompiled,
): Promise<IncrementalResult> {
  const { dialect, session } = build;
  const beside = besideOf(dialect, build.relation);
  await dropLeftover(build);
  if (build.contract) await checkContract(build, build.contract, select);
  await runCompiled(build, createTableSql(dialect, beside, select));
  const fresh = await relationColumns(session, dialect, beside);
  const present = await relationColumns(session, dialect, build.relation);
  await widenTexts(build, beside, fresh, present);
  const columns = await reconcile(build, config.onSchemaChange, fresh, present);
  const own = await build.overrides.increment?.(beside, fresh);
  if (own) {
    const rows = await runCompiled(build, own);
    await run(build, dropSql(dialect, beside, 'table'));
    return { rowsInserted: rows, rowsDeleted: 0 };
  }
  const isMerge = config.incrementalStrategy === 'merge';
  const rowsDeleted =
    config.incrementalStrategy === 'delete+insert' ? await deleteByKey(build, beside, config, fresh) : 0;
  const rowsInserted = await run(
    build,
    isMerge
      ? mergeSql(dialect, build.relation, beside, columns, config)
      : insertSql(dialect, build.relation, beside, columns),
  );
  await run(build, dropSql(dialect, beside, 'table'));
  return { rowsInserted, rowsDeleted };
}

export function insertSql(
  dialect: Dialect,
  into: RelationName,
  from: RelationName,
  columns: readonly string[],
): string {
  const list = columns.map((column) => dialect.quote(column)).join(', ');
  return `insert into ${relationSql(dialect, into)} (${list})\nselect ${list} from ${relationSql(dialect, from)}`;
}

/** The columns to insert, after the table was changed as `on_schema_change` says. */
async function reconcile(
  build: Build,
  onSchemaChange: NodeConfig['onSchemaChange'],
  fresh: readonly RelationColumn[],
  present: readonly RelationColumn[],
): Promise<readonly string[]> {
  const added = without(fresh, present);
  const removed = without(present, fresh);
  const retyped = onSchemaChange === 'fail' ? withOtherType(fresh, present) : [];
  if (onSchemaChange === 'fail' && added.length + removed.length + retyped.length > 0) {
    const changes = `${listed(', new: ', added)}${listed(', gone: ', removed)}${listed(', of another type: ', retyped)}`;
    throw new ConfigError(`the columns changed${changes}`, {
      code: 'columns_changed',
      state: 'The table is as it was.',
      next: 'Run with --full-refresh, or set on_schema_change to append_new_columns or sync_all_columns.',
    });
  }
  if (onSchemaChange === 'append_new_columns' || onSchemaChange === 'sync_all_columns') {
    if (onSchemaChange === 'sync_all_columns') await removeAndRetype(build, removed, fresh, present);
    for (const column of added) {
      const table = relationSql(build.dialect, build.relation);
      await run(
        build,
        `alter table ${table} add column ${build.dialect.quote(column.name)} ${column.dataType}`,
      );
    }
    return fresh.map((column) => column.name);
  }
  if (removed.length > 0) {
    throw new ConfigError(`the model no longer gives columns of its table${listed(': ', removed)}`, {
      code: 'columns_changed',
      state: 'The table is as it was.',
      next: 'Give the columns again, set on_schema_change, or run with --full-refresh.',
    });
  }
  return present.map((column) => column.name);
}

/** Columns whose type is another now. How long a text may be does not count: see `widenTexts`. */
function withOtherType(
  fresh: readonly RelationColumn[],
  present: readonly RelationColumn[],
): readonly RelationColumn[] {
  const isText = (type: string): boolean => /^(text|varchar|character varying)/i.test(type);
  const types = new Map(present.map((column) => [column.name.toLowerCase(), column.dataType]));
  return fresh.filter(({ name, dataType }) => {
    const before = types.get(name.toLowerCase());
    return before !== undefined && before !== dataType && !(isText(before) && isText(dataType));
  });
}

/** Texts of the table that are too short for what is added get the type of the query, as far as that is longer. */
async function widenTexts(
  build: Build,
  beside: RelationName,
  fresh: readonly RelationColumn[],
  present: readonly RelationColumn[],
): Promise<void> {
  if (build.dialect.name !== 'postgres') return;
  const { dialect } = build;
  const limits = new Map(
    present.map(({ name, dataType }) => [name, /^character varying\((\d+)\)$/.exec(dataType)?.[1]]),
  );
  for (const { name, dataType } of fresh) {
    const limit = limits.get(name);
    if (limit === undefined || !/^(text|character varying)/.test(dataType)) continue;
    const { rows } = await build.session.query(
      `select max(char_length(${dialect.quote(name)})) from ${relationSql(dialect, beside)}`,
    );
    if (Number(rows[0]?.[0] ?? 0) <= Number(limit)) continue;
    const table = relationSql(dialect, build.relation);
    await run(build, `alter table ${table} alter column ${dialect.quote(name)} type ${dataType}`);
  }
}

/** Drops the columns that are gone and gives the others the types that they have now. */
async function removeAndRetype(
  build: Build,
  removed: readonly RelationColumn[],
  fresh: readonly RelationColumn[],
  present: readonly RelationColumn[],
): Promise<void> {
  const table = relationSql(build.dialect, build.relation);
  const types = new Map(present.map((column) => [column.name.toLowerCase(), column.dataType]));
  for (const { name } of removed) {
    await run(build, `alter table ${table} drop column ${build.dialect.quote(name)}`);
  }
  for (const { name, dataType } of fresh) {
    const before = types.get(name.toLowerCase());
    if (before === undefined || before === dataType) continue;
    const column = build.dialect.quote(name);
    await run(
      build,
      `alter table ${table} alter column ${column} type ${dataType} using cast(${column} as ${dataType})`,
    );
  }
}

/** Deletes the rows whose key is among the new ones; NULL is a key like any other. */
async function deleteByKey(
  build: Build,
  beside: RelationName,
  { uniqueKey, incrementalPredicates }: NodeConfig,
  columns: readonly RelationColumn[],
): Promise<number> {
  if (uniqueKey.length === 0) return 0;
  const { dialect } = build;
  const narrowed = incrementalPredicates.map((predicate) => ` and (${predicate})`).join('');
  const keys = uniqueKey.map((key) => keySql(dialect, key, columns));
  const target = relationSql(dialect, build.relation);
  const source = relationSql(dialect, beside);
  const deleted = await run(
    build,
    `delete from ${target} as DBT_INTERNAL_DEST\nwhere (${keys.join(', ')}) in (select ${keys.join(', ')} from ${source})${narrowed}`,
  );
  const anyNull = keys.map((key) => `${key} is null`).join(' or ');
  const { rows } = await build.session.query(
    `select count(*) from ${source} where ${anyNull}`,
    [],
    build.signal,
  );
  if (Number(rows[0]?.[0] ?? 0) === 0) return deleted;
  const nullSafe = keys.map((key) => `${key} is null, coalesce(cast(${key} as text), '')`).join(', ');
  return (
    deleted +
    (await run(
      build,
      `delete from ${target} as DBT_INTERNAL_DEST\nwhere (${anyNull}) and (${nullSafe}) in (select ${nullSafe} from ${source} where ${anyNull})${narrowed}`,
    ))
  );
}

/** A column is quoted; anything else is an expression of the user's. */
function keySql(dialect: Dialect, key: string, columns: readonly RelationColumn[]): string {
  const column = columns.find((candidate) => candidate.name.toLowerCase() === key.toLowerCase());
  return column ? dialect.quote(column.name) : key;
}

function without(
  left: readonly RelationColumn[],
  right: readonly RelationColumn[],
): readonly RelationColumn[] {
  const names = new Set(right.map((column) => column.name.toLowerCase()));
  return left.filter((column) => !names.has(column.name.toLowerCase()));
}

function listed(head: string, columns: readonly RelationColumn[]): string {
  return columns.length === 0 ? '' : `${head}${columns.map((column) => column.name).join(', ')}`;
}
