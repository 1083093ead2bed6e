export { openLedger } from './ledger.ts';
export { openPostgresLedger } from './postgres/ledger.ts';
export { openSqliteLedger } from './sqlite/ledger.ts';
