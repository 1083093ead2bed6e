export { openLedger } from './ledger.ts';
export { openSqliteLedger } from './sqlite/ledger.ts';
export { openArchive } from './archive.ts';
export { readArchiveLines, toArchiveLines } from './record/archive-lines.ts';
