import { createHash } from 'node:crypto';
import type { IndexConfig } from '../manifest/node-config.ts';
import { type Build, relationSql } from './build.ts';

/** The same name for the same index, so that it is seen whether it is there. */
export function indexName(build: Build, { columns, unique, type }: IndexConfig): string {
  const table = relationSql(build.dialect, build.relation);
  const list = columns.map((column) => build.dialect.quote(column)).join(', ');
  return createHash('md5').update(`${table} ${unique} ${type} ${list}`).digest('hex');
}

export function createIndexSql(build: Build, index: IndexConfig): string {
  const table = relationSql(build.dialect, build.relation);
  const list = index.columns.map((column) => build.dialect.quote(column)).join(', ');
  return (
    `create ${index.unique ? 'unique ' : ''}index if not exists "${indexName(build, index)}" on ${table}` +
    `${index.type === undefined ? '' : ` using ${build.dialect.quote(index.type)}`} (${list})`
  );
}
