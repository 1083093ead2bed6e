import type { DuckDBConnection } from '@duckdb/node-api';
import type { DataType } from '../../sql/data-type.ts';
import { type Candidate, candidates, heldTo, matchesSql } from './column-fit.ts';
import { quote } from './engine.ts';

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

/** Rows of the first look, which only rules candidates out so that the second is cheap. */
const sampleRows = 20_480;
/** Rows that rule most candidates out before those of the sample are asked. */
const sieveRows = 1024;

/** Looks at every row of `from`: what does not fit in a first sample is not asked again for the rest. */
export async function gatherEvidence(
  connection: DuckDBConnection,
  from: string,
  columns: readonly TextColumn[],
  possible: readonly Candidate[] = candidates,
): Promise<readonly ColumnEvidence[]> {
  if (columns.length === 0) return [];
  const left = await likelyCandidates(connection, from, columns, possible);
  return await evidence(connection, from, columns, left);
}

/**
 * The first candidate that every row of a column fits, which is all that text needs. One look at the whole
 * is enough where a first sample has guessed right.
 */
export async function firstFits(
  connection: DuckDBConnection,
  from: string,
  columns: readonly TextColumn[],
  possible: readonly Candidate[],
): Promise<readonly ColumnEvidence[]> {
  const found = new Map<TextColumn, ColumnEvidence>();
  if (columns.length === 0) return [];
  const likely = await likelyCandidates(connection, from, columns, possible);
  let open = columns.map((column, index) => ({ column, left: likely[index] ?? [] }));
  while (open.length > 0) {
    const answers = await evidence(
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

/** The first candidates that fit the first rows; `isWhole` when there are no more rows than those. */
export async function guessFits(
  connection: DuckDBConnection,
  from: string,
  columns: readonly TextColumn[],
  possible: readonly Candidate[],
): Promise<{ readonly guesses: readonly Guess[]; readonly isWhole: boolean }> {
  if (columns.length === 0) return { guesses: [], isWhole: true };
  const sample = firstRows(from, sampleRows);
  const left = await likelyCandidates(connection, from, columns, possible, sieveRows);
  const found = await evidence(connection, sample, columns, left);
  const counted = await connection.runAndReadAll(`select count(*) from ${sample}`);
  return {
    guesses: found.map((answer) => {
      const candidate = answer.hasValues ? possible.find(({ name }) => answer.fits.has(name)) : undefined;
      const fits = new Set(candidate ? [candidate.name] : []);
      return { evidence: { ...answer, fits }, ...(candidate ? { candidate } : {}) };
    }),
    isWhole: Number(counted.getRows()[0]?.[0]) < sampleRows,
  };
}

/**
 * SQL that gives a value of the guessed type as long as the texts bear the guess out, and an error where one does not.
 * @param value SQL of the value, an error by itself for a text that is not one
 */
export function heldToGuess(text: string, value: string, guess: Guess): string {
  if (!guess.evidence.hasValues) return heldTo('false', value, text);
  if (!guess.candidate) return value;
  const pattern = guessPattern(guess);
  return heldTo(
    pattern === undefined ? guess.candidate.isWritten(text) : matchesSql(text, pattern),
    value,
    text,
  );
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

async function likelyCandidates(
  connection: DuckDBConnection,
  from: string,
  columns: readonly TextColumn[],
  possible: readonly Candidate[],
  rows: number = sampleRows,
): Promise<readonly (readonly Candidate[])[]> {
  const sample = await evidence(
    connection,
    firstRows(from, rows),
    columns,
    columns.map(() => possible),
  );
  return sample.map((column) => possible.filter((candidate) => column.fits.has(candidate.name)));
}

function firstRows(from: string, rows: number): string {
  return `(select * from ${from} limit ${rows})`;
}

/** The time that a SELECT takes grows with the square of its aggregates: 500 columns in one go take minutes. */
const mostColumnsAsked = 16;

async function evidence(
  connection: DuckDBConnection,
  from: string,
  columns: readonly TextColumn[],
  asked: readonly (readonly Candidate[])[],
): Promise<readonly ColumnEvidence[]> {
  // Whoever asks about one candidate per column has few aggregates, and much to read.
  const most = mostColumnsAsked * (asked.some((candidates) => candidates.length > 1) ? 1 : 4);
  const found: ColumnEvidence[] = [];
  for (let start = 0; start < columns.length; start += most) {
    const end = start + most;
    found.push(
      ...(await evidenceOfSome(connection, from, columns.slice(start, end), asked.slice(start, end))),
    );
  }
  return found;
}

async function evidenceOfSome(
  connection: DuckDBConnection,
  from: string,
  columns: readonly TextColumn[],
  asked: readonly (readonly Candidate[])[],
): Promise<readonly ColumnEvidence[]> {
  const terms = columns.flatMap(({ expression }, index) => [
    `count(${expression})`,
    ...(asked[index] ?? []).flatMap((candidate) => candidateTerms(expression, candidate)),
  ]);
  const reader = await connection.runAndReadAll(`select ${['count(*)', ...terms].join(',\n')} from ${from}`);
  const answers = (reader.getRows()[0] ?? [])[Symbol.iterator]();
  const next = () => answers.next().value;
  next();
  return columns.map((_, index) => {
    const hasValues = Number(next()) > 0;
    const fits = new Set<string>();
    let wholeDigits = 0;
    let fractionDigits = 0;
    for (const candidate of asked[index] ?? []) {
      if (next() !== false) fits.add(candidate.name);
      if (candidate.name !== 'decimal') continue;
      wholeDigits = Number(next() ?? 0);
      fractionDigits = Number(next() ?? 0);
    }
    return { fits, hasValues, wholeDigits, fractionDigits };
  });
}

function candidateTerms(expression: string, candidate: Candidate): readonly string[] {
  const all = `bool_and(${candidate.isWritten(expression)}) filter (where ${expression} is not null)`;
  if (candidate.name !== 'decimal') return [all];
  return [
    all,
    `max(length(ltrim(split_part(${expression}, '.', 1), '-')))`,
    `max(length(split_part(${expression}, '.', 2)))`,
  ];
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
