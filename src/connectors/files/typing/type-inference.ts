import type { DuckDBConnection } from '@duckdb/node-api';
import type { DataType } from '../../../sql/data-type.ts';
import { type ColumnEvidence, columnEvidence, type TextColumn } from './column-evidence.ts';
import { type Candidate, candidates } from './column-fit.ts';
import { quote } from '../engine/engine.ts';
import { firstRowCount, type FirstTexts, firstTexts } from './first-texts.ts';
import { heldTo, heldToPattern, type TypedValue } from './held-values.ts';
import { timeShape } from './time-shape.ts';

/** Rows that tell what the rest is likely to be. */
const sampleRows = 20_480;

/** Looks at every row of `from`: what does not fit the first ones is not asked of the rest. */
export async function gatherEvidence(
  connection: DuckDBConnection,
  from: string,
  columns: readonly TextColumn[],
  possible: readonly Candidate[] = candidates,
): Promise<readonly ColumnEvidence[]> {
  return await columnEvidence(
    connection,
    from,
    columns,
    await sifted(
      connection,
      from,
      columns,
      columns.map(() => possible),
    ),
  );
}

/**
 * The first candidate that every row of a column fits, which is all that text needs. One look at the whole
 * is enough where the first rows are like the rest.
 * @param possible candidates of each column
 */
export async function firstFits(
  connection: DuckDBConnection,
  from: string,
  columns: readonly TextColumn[],
  possible: readonly (readonly Candidate[])[],
): Promise<readonly ColumnEvidence[]> {
  return await firstOf(connection, from, columns, await sifted(connection, from, columns, possible));
}

/** Asks all rows of each column for its first candidate, and where that does not fit for the next one. */
async function firstOf(
  connection: DuckDBConnection,
  from: string,
  columns: readonly TextColumn[],
  likely: readonly (readonly Candidate[])[],
): Promise<readonly ColumnEvidence[]> {
  const found = new Map<TextColumn, ColumnEvidence>();
  let open = columns.map((column, index) => ({ column, left: likely[index] ?? [] }));
  while (open.length > 0) {
    const answers = await columnEvidence(
      connection,
      from,
      open.map(({ column }) => column),
      open.map(({ left }) => left.slice(0, 1)),
    );
    open = open
      .filter(({ column, left }, index) => {
        const answer = answers[index];
        if (answer) found.set(column, answer);
        return answer?.hasValues === true && answer.fits.size === 0 && left.length > 1;
      })
      .map(({ column, left }) => ({ column, left: left.slice(1) }));
  }
  return columns.flatMap((column) => found.get(column) ?? []);
}

/** What the first rows tell of a column. */
export interface Guess {
  readonly evidence: ColumnEvidence;
  readonly candidate?: Candidate;
}

/**
 * The first candidates that fit the first rows.
 * @param first the texts of the very first of them, by the order of the columns
 */
export async function guessFits(
  connection: DuckDBConnection,
  from: string,
  columns: readonly TextColumn[],
  possible: readonly Candidate[],
  first: FirstTexts['texts'],
): Promise<readonly Guess[]> {
  const sample = firstRows(from, sampleRows);
  const likely = await withoutMisfits(
    connection,
    from,
    columns,
    columns.map((_, index) => notRuledOut(first[index] ?? [], possible)),
  );
  const found = await firstOf(connection, sample, columns, likely);
  return found.map((evidence) => {
    const candidate = evidence.hasValues ? possible.find(({ name }) => evidence.fits.has(name)) : undefined;
    return { evidence, ...(candidate ? { candidate } : {}) };
  });
}

/**
 * SQL that gives a value of the guessed type as long as the texts bear the guess out, and an error where one does not.
 * @param value an error by itself for a text that is not one
 * @param usual a text as most are, of a column of times
 */
export function heldToGuess(text: string, value: TypedValue, guess: Guess, usual?: string): string {
  const { expression } = value;
  if (!guess.evidence.hasValues) return heldTo(`${text} is not null`, expression);
  if (!guess.candidate) return expression;
  const pattern = guessPattern(guess);
  if (pattern === undefined) return heldTo(`not ${guess.candidate.isWritten(text)}`, expression);
  return heldToPattern(text, value, pattern, timeShape(usual, pattern));
}

/** How texts that bear a guess out are written; undefined when that tells nothing. */
export function guessPattern(guess: Guess): string | undefined {
  if (!guess.evidence.hasValues) return '';
  return guess.candidate?.name === 'decimal' ? decimalPattern(guess) : guess.candidate?.pattern;
}

function decimalPattern({ evidence: { wholeDigits, fractionDigits } }: Guess): string {
  const fraction = fractionDigits === 0 ? '' : `([.][0-9]{1,${fractionDigits}})?`;
  return `-?(0|[1-9][0-9]{0,${Math.max(0, wholeDigits - 1)}})${fraction}`;
}

/** Candidates of each column that the first rows leave. */
async function sifted(
  connection: DuckDBConnection,
  from: string,
  columns: readonly TextColumn[],
  possible: readonly (readonly Candidate[])[],
): Promise<readonly (readonly Candidate[])[]> {
  const isPatterned = (index: number): boolean =>
    possible[index]?.some(({ pattern }) => pattern !== undefined) === true;
  const patterned = columns.filter((_, index) => isPatterned(index));
  const { texts } = await firstTexts(connection, from, patterned);
  const textsOf = new Map(patterned.map((column, index) => [column, texts[index] ?? []]));
  const left = columns.map((column, index) => notRuledOut(textsOf.get(column) ?? [], possible[index] ?? []));
  return await withoutMisfits(connection, from, columns, left);
}

/** Candidates that are written as all texts are, and those of which that does not tell. */
function notRuledOut(texts: readonly string[], possible: readonly Candidate[]): readonly Candidate[] {
  return possible.filter(({ pattern }) => {
    if (pattern === undefined) return true;
    const written = new RegExp(`^(?:${pattern})$`);
    return texts.every((text) => written.test(text));
  });
}

/** Leaves out the candidates that only DuckDB can tell of, where it does of the first rows. */
async function withoutMisfits(
  connection: DuckDBConnection,
  from: string,
  columns: readonly TextColumn[],
  left: readonly (readonly Candidate[])[],
): Promise<readonly (readonly Candidate[])[]> {
  const unsure = columns.flatMap((column, index) => {
    const asked = left[index]?.filter(({ pattern }) => pattern === undefined) ?? [];
    return asked.length === 0 ? [] : [{ column, index, asked }];
  });
  const found = await columnEvidence(
    connection,
    firstRows(from, firstRowCount(columns.length)),
    unsure.map(({ column }) => column),
    unsure.map(({ asked }) => asked),
  );
  const fits = new Map(unsure.map(({ index }, place) => [index, found[place]?.fits]));
  return left.map((some, index) =>
    some.filter(({ name, pattern }) => pattern !== undefined || fits.get(index)?.has(name) === true),
  );
}

function firstRows(from: string, rows: number): string {
  return `(select * from ${from} limit ${rows})`;
}

/** Most digits of an exact number; longer ones stay text. */
const maxDecimalPrecision = 38;

/** The narrowest type that every value fits; text when there is none or when nothing is known. */
export function inferredType(column: ColumnEvidence): DataType {
  if (!column.hasValues) return { type: 'text' };
  const found = candidates.find((candidate) => column.fits.has(candidate.name));
  if (!found) return { type: 'text' };
  return found.name === 'decimal' ? exactType(column) : found.type;
}

export function exactType({ wholeDigits, fractionDigits }: ColumnEvidence): DataType {
  const precision = wholeDigits + fractionDigits;
  if (precision > maxDecimalPrecision) return { type: 'text' };
  return { type: 'decimal', precision, scale: fractionDigits };
}

/** Columns of a relation as text, when they are text already. */
export function textColumns(names: readonly string[]): readonly TextColumn[] {
  return names.map((name) => ({ name, expression: quote(name) }));
}
