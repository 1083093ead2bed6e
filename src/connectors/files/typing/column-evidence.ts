import type { DuckDBConnection } from '@duckdb/node-api';
import type { Candidate } from './column-fit.ts';

/** A column whose values are at hand as text. */
export interface TextColumn {
  readonly name: string;
  /** SQL giving the value as text. */
  readonly expression: string;
}

/** What all values of a column have in common. */
export interface ColumnEvidence {
  /** Names of the candidates that every value fits; all of them when there are no values. */
  readonly fits: ReadonlySet<string>;
  readonly hasValues: boolean;
  /** Longest run of digits before and after the point, for decimals. */
  readonly wholeDigits: number;
  readonly fractionDigits: number;
}

/** Planning a SELECT takes the square of its aggregates: more columns than these are asked about one below another. */
const mostColumnsAbreast = 48;
/** DuckDB holds 2,048 rows of all columns that a SELECT reads at once, for each thread: 32 KB for a column and more. */
const mostColumnsBelow = 1000;

/**
 * Holds all values of `from` against candidates.
 * @param asked the candidates of each column
 */
export async function columnEvidence(
  connection: DuckDBConnection,
  from: string,
  columns: readonly TextColumn[],
  asked: readonly (readonly Candidate[])[],
): Promise<readonly ColumnEvidence[]> {
  if (columns.length === 0) return [];
  if (columns.length <= mostColumnsAbreast) return await evidenceAbreast(connection, from, columns, asked);
  const found: ColumnEvidence[] = [];
  for (let start = 0; start < columns.length; start += mostColumnsBelow) {
    const end = start + mostColumnsBelow;
    const some = columns.slice(start, end);
    found.push(...(await evidenceBelow(connection, from, some, asked.slice(start, end))));
  }
  return found;
}

/** One row of answers: a few for each column. */
async function evidenceAbreast(
  connection: DuckDBConnection,
  from: string,
  columns: readonly TextColumn[],
  asked: readonly (readonly Candidate[])[],
): Promise<readonly ColumnEvidence[]> {
  const terms = columns.flatMap(({ expression }, index) => [
    `count(${expression})`,
    ...(asked[index] ?? []).flatMap((candidate) => answerTerms(expression, candidate)),
  ]);
  const reader = await connection.runAndReadAll(`select ${terms.join(',\n')} from ${from}`);
  const answers = (reader.getRows()[0] ?? [])[Symbol.iterator]();
  return columns.map((_, index) => readAnswers(answers, asked[index] ?? []));
}

/** All columns become one, of values and the numbers of their columns: a row of answers for each of these. */
async function evidenceBelow(
  connection: DuckDBConnection,
  from: string,
  columns: readonly TextColumn[],
  asked: readonly (readonly Candidate[])[],
): Promise<readonly ColumnEvidence[]> {
  const all = [...new Set(asked.flat())];
  const masks = asked.map((some) =>
    all.reduce((mask, one, bit) => mask | (some.includes(one) ? 1 << bit : 0), 0),
  );
  const terms = all.flatMap((candidate, bit) => answerTerms('value', candidate, `mask & ${1 << bit} <> 0`));
  const reader = await connection.runAndReadAll(
    `select number, count(*), ${terms.join(', ')} from (
       select unnest([${columns.map(({ expression }) => expression).join(', ')}]) as value,
         unnest(range(${columns.length})) as number, unnest([${masks.join(', ')}]) as mask from ${from})
     where value is not null group by number`,
  );
  const rows = new Map(reader.getRows().map(([number, ...answers]) => [Number(number), answers]));
  return columns.map((_, index) => {
    const own = asked[index] ?? [];
    const answers = rows.get(index);
    if (!answers) return { ...nothing, fits: new Set(own.map(({ name }) => name)) };
    const { fits, ...found } = readAnswers(answers[Symbol.iterator](), all);
    return { ...found, fits: new Set(own.map(({ name }) => name).filter((name) => fits.has(name))) };
  });
}

const nothing: Omit<ColumnEvidence, 'fits'> = { hasValues: false, wholeDigits: 0, fractionDigits: 0 };

/**
 * What is asked of a candidate. NULL fits everything.
 * @param condition SQL of the values that are asked; a FILTER would copy all columns for each answer
 */
function answerTerms(text: string, candidate: Candidate, condition?: string): readonly string[] {
  const when = (value: string): string =>
    condition === undefined ? value : `case when ${condition} then ${value} end`;
  const all = `bool_and(${when(`${text} is null or ${candidate.isWritten(text)}`)})`;
  if (candidate.name !== 'decimal') return [all];
  return [
    all,
    `max(${when(`length(ltrim(split_part(${text}, '.', 1), '-'))`)})`,
    `max(${when(`length(split_part(${text}, '.', 2))`)})`,
  ];
}

function readAnswers(answers: Iterator<unknown>, asked: readonly Candidate[]): ColumnEvidence {
  const next = (): unknown => answers.next().value;
  const hasValues = Number(next()) > 0;
  const fits = new Set<string>();
  let wholeDigits = 0;
  let fractionDigits = 0;
  for (const candidate of asked) {
    if (next() !== false) fits.add(candidate.name);
    if (candidate.name !== 'decimal') continue;
    wholeDigits = Number(next() ?? 0);
    fractionDigits = Number(next() ?? 0);
  }
  return { fits, hasValues, wholeDigits, fractionDigits };
}
