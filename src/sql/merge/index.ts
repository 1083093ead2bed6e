export { dependentsQuery, viewColumnsQuery } from './dependents.ts';
export { insertRows, refill, replaceTail } from './insert.ts';
export type { MergeStrategy } from './key-merge.ts';
export { insertByKey, mergeByKey } from './merge-by-key.ts';
export { deleteMissingRows, markMissingRows, type MissingMark } from './missing-rows.ts';
export type { KeyChoice, PublishedColumn, StageRows } from './stage-rows.ts';
export type { Statement, StatementRole, StatementTurn } from './statement.ts';
export { addColumn, changeColumnType, createIndex, createTable, dropTable, swapTable } from './table.ts';
