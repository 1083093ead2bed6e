import { ConfigError, MillraceError } from '../../core/errors.ts';
import { parseCsv } from '../files/csv.ts';
import { didYouMean } from '../files/suggestion.ts';
import type { SeedNode } from '../manifest/transform-node.ts';
import { besideOf, type Build, relationSql, run } from './build.ts';
import { dropLeftover, replaceByBeside } from './publish.ts';
import { inferSeedType, seedValue, storedText } from './seed-types.ts';

/** Bound values per statement; PostgreSQL takes 65,535 at most. */
const maxParameters = 10_000;

interface SeedTable {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/**
 * The seed's columns and values as dbt loads them into that database. Throws a ConfigError for a broken CSV.
 */
export function readSeedTable(node: SeedNode, dialectName: string): SeedTable {
  const isPostgres = dialectName === 'postgres';
  const { header, rows } = parseCsv(node.origin.file, node.csv, node.config.delimiter, {
    padsShortRows: isPostgres,
    keepsBlankLines: isPostgres ? 'all' : 'of one column',
  });
  const values = rows.map((row) => row.map((field) => seedValue(field)));
  const configured = new Map(
    Object.entries(node.config.columnTypes).map(([name, type]) => [name.toLowerCase(), type]),
  );
  const isFolded = isPostgres && node.config.quoteColumns === false;
  const columns = header.map((name, index) => ({
    name: isFolded ? bareName(name) : name,
    type: configured.get(name.toLowerCase()) ?? inferSeedType(values.map((row) => row[index] ?? null)),
  }));
  return {
    columns,
    rows: rows.map((row) =>
      row.map((field, index) => {
        const type = columns[index]?.type ?? 'text';
        const keepsNullWord = !isPostgres && field !== '' && type === 'text';
        return keepsNullWord ? field : storedText(seedValue(field), type);
      }),
    ),
  };
}

/** A name as PostgreSQL takes it that is written without quotes, or with quotes of its own. */
function bareName(name: string): string {
  const quoted = /^"((?:[^"]|"")+)"$/.exec(name)?.[1];
  return quoted === undefined ? name.toLowerCase() : quoted.replaceAll('""', '"');
}

export function createSeedSql(
  build: Pick<Build, 'dialect'>,
  relation: Build['relation'],
  table: SeedTable,
): string {
  const columns = table.columns
    .map((column) => `${build.dialect.quote(column.name)} ${column.type}`)
    .join(', ');
  return `create table ${relationSql(build.dialect, relation)} (${columns})`;
}

/** Loads the CSV into a table beside and publishes it. Gives the number of rows. */
export async function publishSeed(build: Build, node: SeedNode): Promise<number> {
  const { dialect } = build;
  const table = readSeedTable(node, dialect.name);
  warnOfUnknownColumns(build, node, table);
  const beside = besideOf(dialect, build.relation);
  await dropLeftover(build);
  await run(build, createSeedSql(build, beside, table));
  const perStatement = Math.max(1, Math.floor(maxParameters / Math.max(1, table.columns.length)));
  for (let start = 0; start < table.rows.length; start += perStatement) {
    await insertRows(build, node, beside, table, start, Math.min(start + perStatement, table.rows.length));
  }
  await replaceByBeside(build);
  return table.rows.length;
}

function warnOfUnknownColumns(build: Build, node: SeedNode, { columns }: SeedTable): void {
  const header = columns.map(({ name }) => name);
  const known = new Set(header.map((name) => name.toLowerCase()));
  for (const name of Object.keys(node.config.columnTypes)) {
    if (known.has(name.toLowerCase())) continue;
    build.log(
      `column_types names "${name}", which the seed does not have${didYouMean(name, header)}`,
      'warn',
    );
  }
}

/** A moment with an offset is stored as the session's clock shows it. */
function castSql(dialectName: string, parameter: string, type: string): string {
  return dialectName === 'postgres' && type === 'timestamp'
    ? `cast(cast(${parameter} as timestamptz) as timestamp)`
    : `cast(${parameter} as ${type})`;
}

async function insertRows(
  build: Build,
  node: SeedNode,
  beside: Build['relation'],
  table: SeedTable,
  start: number,
  end: number,
): Promise<void> {
  const { dialect } = build;
  const rows = table.rows.slice(start, end);
  let index = 0;
  const tuples = rows.map(
    (row) =>
      `(${row.map((_, at) => castSql(dialect.name, dialect.parameter((index += 1)), table.columns[at]?.type ?? 'text')).join(', ')})`,
  );
  const sql = `insert into ${relationSql(dialect, beside)} values ${tuples.join(', ')}`;
  try {
    await build.session.execute(sql, rows.flat(), build.signal);
  } catch (error) {
    if (!(error instanceof MillraceError) || (error.kind !== 'data' && error.kind !== 'config')) throw error;
    throw new ConfigError(
      `rows ${start + 1} to ${end} of the seed do not fit their columns: ${error.message}`,
      {
        code: 'seed_invalid',
        origin: { file: node.origin.file },
        state: 'The table is as it was.',
        next: 'Mend the values, or set column_types.',
        cause: error,
      },
    );
  }
}
