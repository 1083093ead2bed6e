import { type CompiledSql, concatSql } from '../compile/compiled-sql.ts';
import type { RelationColumn } from '../context/template-database.ts';
import type { SnapshotConfig } from '../manifest/snapshot-config.ts';
import { besideOf, type Build, relationSql, run } from './build.ts';
import { createTableSql, dropSql } from './ddl.ts';
import { dropLeftover, publishTable, type RunCompiled } from './publish.ts';
import { relationColumns } from './relation-columns.ts';
import { changedSql, keyName, scdIdSql, type SnapshotSql, snapshotSql } from './snapshot-sql.ts';

export interface SnapshotResult {
  /** New versions, those of deleted rows included. */
  readonly rowsInserted: number;
  /** Versions that ended. */
  readonly rowsClosed: number;
}

/** The first version of every row. */
export function firstVersionsSql(
  dialect: Build['dialect'],
  config: SnapshotConfig,
  select: CompiledSql,
): CompiledSql {
  const { q, columns, updatedAt, present } = snapshotSql(dialect, config);
  return concatSql([
    `select *, ${scdIdSql(config.uniqueKey, updatedAt)} as ${q(columns.dbt_scd_id)}, ` +
      `${updatedAt} as ${q(columns.dbt_updated_at)}, ${updatedAt} as ${q(columns.dbt_valid_from)}, ` +
      `coalesce(nullif(${updatedAt}, ${updatedAt}), ${present}) as ${q(columns.dbt_valid_to)}` +
      `${config.hardDeletes === 'new_record' ? `, 'False' as ${q(columns.dbt_is_deleted)}` : ''}\nfrom (\n`,
    select,
    '\n) as sbq',
  ]);
}

/** Builds the snapshot, or ends the versions that changed and adds the new ones. */
export async function publishSnapshot(
  build: Build,
  select: CompiledSql,
  config: SnapshotConfig,
  runCompiled: RunCompiled,
): Promise<SnapshotResult> {
  if (build.existing !== 'table') {
    const rows = await publishTable(build, firstVersionsSql(build.dialect, config, select), runCompiled);
    return { rowsInserted: rows, rowsClosed: 0 };
  }
  const sql = snapshotSql(build.dialect, config);
  const beside = besideOf(build.dialect, build.relation);
  await dropLeftover(build);
  await runCompiled(build, createTableSql(build.dialect, beside, sourceSql(sql, select)));
  const columns = await queryColumns(build, sql);
  const added = await addColumns(build, columns);
  const changed = changedSql(
    sql,
    columns.map((column) => column.name),
    added > 0,
  );
  const rowsChanged = await run(build, closeChanged(build, sql, changed));
  const deleted = await closeDeleted(build, sql, columns);
  const rowsNew = await run(build, insertNew(build, sql, columns));
  await run(build, dropSql(build.dialect, beside, 'table'));
  return { rowsInserted: rowsNew + deleted.rowsInserted, rowsClosed: rowsChanged + deleted.rowsClosed };
}

/** What the query gives now, with its keys, the time of the version and its id. */
function sourceSql(sql: SnapshotSql, select: CompiledSql): CompiledSql {
  const { config, q, columns, updatedAt } = sql;
  const keys = config.uniqueKey.map((key, index) => `${key} as ${keyName(index)}`).join(', ');
  return concatSql([
    `select *, ${keys}, ${updatedAt} as ${q(columns.dbt_updated_at)}, ` +
      `${scdIdSql(config.uniqueKey, updatedAt)} as ${q(columns.dbt_scd_id)}\nfrom (\n`,
    select,
    '\n) as sbq',
  ]);
}

async function queryColumns(build: Build, sql: SnapshotSql): Promise<readonly RelationColumn[]> {
  const all = await relationColumns(build.session, build.dialect, besideOf(build.dialect, build.relation));
  const own = new Set([
    sql.columns.dbt_updated_at,
    sql.columns.dbt_scd_id,
    ...sql.config.uniqueKey.map((_, index) => keyName(index)),
  ]);
  return all.filter((column) => !own.has(column.name));
}

async function addColumns(build: Build, columns: readonly RelationColumn[]): Promise<number> {
  const present = await relationColumns(build.session, build.dialect, build.relation);
  const known = new Set(present.map((column) => column.name.toLowerCase()));
  const added = columns.filter((column) => !known.has(column.name.toLowerCase()));
  for (const { name, dataType } of added) {
    const table = relationSql(build.dialect, build.relation);
    await run(build, `alter table ${table} add column ${build.dialect.quote(name)} ${dataType}`);
  }
  return added.length;
}

/** The present versions with their keys. */
function presentVersions(build: Build, sql: SnapshotSql): string {
  const keys = sql.config.uniqueKey.map((key, index) => `${key} as ${keyName(index)}`).join(', ');
  return `(select *, ${keys} from ${relationSql(build.dialect, build.relation)} where ${sql.isPresent})`;
}

function source(build: Build): string {
  return relationSql(build.dialect, besideOf(build.dialect, build.relation));
}

function closeChanged(build: Build, sql: SnapshotSql, changed: string): string {
  const { q, columns } = sql;
  const scdId = q(columns.dbt_scd_id);
  return (
    `update ${relationSql(build.dialect, build.relation)} as target set ${q(columns.dbt_valid_to)} = c.closed_at\n` +
    `from (select t.${scdId} as scd_id, b.${q(columns.dbt_updated_at)} as closed_at\n` +
    `  from ${presentVersions(build, sql)} as t join ${source(build)} as b on ${sql.sameKey}\n` +
    `  where ${changed}) as c\nwhere target.${scdId} = c.scd_id and ${sql.isPresent}`
  );
}

async function closeDeleted(
  build: Build,
  sql: SnapshotSql,
  names: readonly RelationColumn[],
): Promise<SnapshotResult> {
  const { config, q, columns, now } = sql;
  if (config.hardDeletes === 'ignore') return { rowsInserted: 0, rowsClosed: 0 };
  const target = relationSql(build.dialect, build.relation);
  const isKept = config.hardDeletes === 'new_record';
  const gone =
    `from ${presentVersions(build, sql)} as t where not exists (select 1 from ${source(build)} as b where ${sql.sameKey})` +
    (isKept ? ` and t.${q(columns.dbt_is_deleted)} = 'False'` : '');
  const scdId = q(columns.dbt_scd_id);
  const rowsInserted = isKept
    ? await run(
        build,
        `insert into ${target} (${[...names.map((column) => q(column.name)), ...sql.ownColumns].join(', ')})\n` +
          `select ${[...names.map((column) => `t.${q(column.name)}`), scdIdSql([`t.${scdId}`], now), now, now, sql.present, "'True'"].join(', ')} ${gone}`,
      )
    : 0;
  const isOld = isKept ? ` and ${q(columns.dbt_is_deleted)} = 'False'` : '';
  const rowsClosed = await run(
    build,
    `update ${target} set ${q(columns.dbt_valid_to)} = ${now}\n` +
      `where ${sql.isPresent}${isOld} and ${scdId} in (select t.${scdId} ${gone})`,
  );
  return { rowsInserted, rowsClosed };
}

/** A row whose present version was ended, or that never had one. */
function insertNew(build: Build, sql: SnapshotSql, names: readonly RelationColumn[]): string {
  const { config, q, columns } = sql;
  const updatedAt = `b.${q(columns.dbt_updated_at)}`;
  const values = [
    ...names.map((column) => `b.${q(column.name)}`),
    `b.${q(columns.dbt_scd_id)}`,
    updatedAt,
    updatedAt,
    sql.present,
    ...(config.hardDeletes === 'new_record' ? ["'False'"] : []),
  ];
  return (
    `insert into ${relationSql(build.dialect, build.relation)} ` +
    `(${[...names.map((column) => q(column.name)), ...sql.ownColumns].join(', ')})\n` +
    `select ${values.join(', ')} from ${source(build)} as b\n` +
    `where not exists (select 1 from ${presentVersions(build, sql)} as t where ${sql.sameKey})`
  );
}
