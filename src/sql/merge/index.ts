export { dependentsQuery } from './dependents.ts';
export { insertRows, refill, replaceTail } from './insert.ts';
export { insertByKey, mergeByKey, type MergeStrategy } from './merge-by-key.ts';
export { deleteMissingRows, markMissingRows } from './missing-rows.ts';
export type { KeyChoice, PublishedColumn, StageRows } from './stage-rows.ts';
export type { Statement, StatementRole } from './statement.ts';
export { addColumn, changeColumnType, createIndex, createTable, dropTable, swapTable } from './table.ts';
