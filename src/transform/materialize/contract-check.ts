import { ConfigError } from '../../core/errors.ts';
import type { DataType } from '../../sql/data-type.ts';
import { type CompiledSql, concatSql } from '../compile/compiled-sql.ts';
import type { Contract } from '../manifest/contract.ts';
import { type Build, relationSql } from './build.ts';
import type { RelationName } from '../manifest/transform-node.ts';

interface Mismatch {
  readonly column: string;
  readonly given: string;
  readonly promised: string;
  readonly reason: string;
}

/** Compares the columns of the query with those of the contract. Throws a ConfigError `contract_broken` that lists what differs. */
export async function checkContract(build: Build, contract: Contract, select: CompiledSql): Promise<void> {
  const given = await typesOf(build, select.sql.replace(/[\s;]+$/, ''));
  const promised = await typesOf(
    build,
    `select ${contract.columns.map(({ name, dataType }) => `cast(null as ${dataType}) as ${build.dialect.quote(plainName(name))}`).join(', ')}`,
  );
  const mismatches: Mismatch[] = [];
  for (const [name, type] of promised) {
    const found = given.get(name);
    if (found === type) continue;
    mismatches.push({
      column: name,
      given: found ?? '',
      promised: type,
      reason: found === undefined ? 'missing in definition' : 'data type mismatch',
    });
  }
  for (const [name, type] of given) {
    if (!promised.has(name)) {
      mismatches.push({ column: name, given: type, promised: '', reason: 'missing in contract' });
    }
  }
  if (mismatches.length === 0) return;
  const rows = mismatches.map(
    ({ column, given: left, promised: right, reason }) =>
      `${column} (${left || '-'} | ${right || '-'}): ${reason}`,
  );
  throw new ConfigError(
    `the columns of the query are not those of the contract. Column (definition | contract): ${rows.join('; ')}`,
    {
      code: 'contract_broken',
      state: 'What was there before is as it was.',
      next: 'Change the query, or the columns in the property file.',
    },
  );
}

/** Creates the table as the contract has it, then the statement that fills it. */
export function contractedTableSql(
  build: Build,
  relation: RelationName,
  contract: Contract,
  select: CompiledSql,
): { readonly create: string; readonly insert: CompiledSql } {
  const columns = contract.columns.map(({ name, dataType, constraints }) =>
    [columnSql(build, name), dataType, ...constraints].join(' '),
  );
  const names = contract.columns.map(({ name }) => columnSql(build, name)).join(', ');
  const target = relationSql(build.dialect, relation);
  const query = { sql: select.sql.replace(/[\s;]+$/, ''), parts: select.parts };
  return {
    create: `create table ${target} (\n  ${[...columns, ...contract.constraints].join(',\n  ')}\n)`,
    insert: concatSql([
      `insert into ${target} (${names})\nselect ${names} from (\n`,
      query,
      '\n) as model_subq',
    ]),
  };
}

function columnSql(build: Build, name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : build.dialect.quote(plainName(name));
}

function plainName(name: string): string {
  return name.replace(/^"(.*)"$/, '$1');
}

async function typesOf(
  { session, dialect, signal }: Build,
  sql: string,
): Promise<ReadonlyMap<string, string>> {
  const { columns } = await session.query(
    `select * from (\n${sql}\n) as contract_of where false limit 0`,
    [],
    signal,
  );
  const nameOf = (type: DataType): string => {
    const whole = dialect.typeName(type);
    // As dbt's adapters compare them: on PostgreSQL without precision.
    return dialect.name === 'postgres' ? whole.replace(/\(.*\)$/, '') : whole;
  };
  return new Map(columns.map(({ name, type }) => [name.toLowerCase(), nameOf(type)]));
}
