export { openLedger } from './ledger.ts';
export { openSqliteLedger } from './sqlite/ledger.ts';
