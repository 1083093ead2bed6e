import { ConfigError } from '../../core/errors.ts';
import { type CompiledSql, concatSql } from '../compile/compiled-sql.ts';
import type { IndexConfig, NodeConfig } from '../manifest/node-config.ts';
import { captureAttachments, restoreAttachments } from './attachments.ts';
import { type Build, relationSql, run } from './build.ts';
import { dropSql } from './ddl.ts';
import { createIndexSql, indexName } from './indexes.ts';
import type { RunCompiled } from './publish.ts';

/** What was done about a materialized view. */
export type ViewChange = 'created' | 'refreshed' | 'altered' | 'kept';

/**
 * Makes the view, or brings it up to date: rows by `refresh`, indexes as `on_configuration_change` says. A view whose
 * query has changed is refreshed as it is, as dbt does, until a full refresh.
 */
export async function publishMaterializedView(
  build: Build,
  select: CompiledSql,
  config: NodeConfig,
  isFullRefresh: boolean,
  runCompiled: RunCompiled,
): Promise<ViewChange> {
  if (build.existing !== 'materialized view' || isFullRefresh) {
    const attachments = await captureAttachments(build);
    if (build.existing) await run(build, dropSql(build.dialect, build.relation, build.existing));
    await runCompiled(
      build,
      concatSql([
        `create materialized view if not exists ${relationSql(build.dialect, build.relation)} as (\n`,
        { sql: select.sql.replace(/[\s;]+$/, ''), parts: select.parts },
        '\n)',
      ]),
    );
    for (const index of config.indexes) await run(build, createIndexSql(build, index));
    await restoreAttachments(build, attachments);
    return 'created';
  }
  const change = await indexChange(build, config.indexes);
  if (change.length === 0) return await refresh(build);
  switch (config.onConfigurationChange) {
    case 'apply':
      for (const statement of change) await run(build, statement);
      await refresh(build);
      return 'altered';
    case 'continue':
      build.log('the indexes of the materialized view are not as configured; it is left as it is', 'warn');
      return 'kept';
    default:
      throw new ConfigError('the indexes of the materialized view are not as configured', {
        code: 'configuration_changed',
        state: 'The view is as it was.',
        next: 'Run with --full-refresh, or set on_configuration_change to apply.',
      });
  }
}

async function refresh(build: Build): Promise<ViewChange> {
  await run(build, `refresh materialized view ${relationSql(build.dialect, build.relation)}`);
  return 'refreshed';
}

/** Statements that make the indexes what is configured. */
async function indexChange(build: Build, wanted: readonly IndexConfig[]): Promise<readonly string[]> {
  const { rows } = await build.session.query(
    `select i.relname::text from pg_index x join pg_class i on i.oid = x.indexrelid
     where x.indrelid = to_regclass($1) and not x.indisprimary`,
    [relationSql(build.dialect, { ...build.relation, database: '' })],
    build.signal,
  );
  const present = new Set(rows.map(([name]) => String(name)));
  const names = new Map(wanted.map((index) => [indexName(build, index), index]));
  const space = build.dialect.quote(build.relation.schema);
  return [
    ...[...present]
      .filter((name) => !names.has(name))
      .map((name) => `drop index ${space}.${build.dialect.quote(name)}`),
    ...[...names].filter(([name]) => !present.has(name)).map(([, index]) => createIndexSql(build, index)),
  ];
}
