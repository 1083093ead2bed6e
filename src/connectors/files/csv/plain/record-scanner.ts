import { DataError } from '../../../../core/errors.ts';
import type { ValuePattern } from './value-pattern.ts';

/** How the fields of a record are told apart: single ASCII letters. */
export interface RecordForm {
  readonly delimiter: string;
  /** Also what a quote within quotes is escaped by. */
  readonly quote: string;
  /** True: `""` is as good as nothing between delimiters. */
  readonly emptyAsNull: boolean;
}

/** Something is not written as CSV is written by the book, or a value not as its column wants it. */
export function notPlain(records: number): DataError {
  return new DataError(`Record ${records + 1} is not CSV by the book, or a value does not fit its column.`, {
    code: 'file_broken_row',
    state: 'Nothing was published.',
  });
}

/** States that are told by themselves; all above are states of a value. */
const broken = 0;
const fieldEnd = 1;
const recordEnd = 2;
const lineFeedWanted = 3;
const firstOfValues = 4;

const newline = 0x0a;
const carriageReturn = 0x0d;

/**
 * Walks through CSV byte by byte and holds each value to the pattern of its column. What it lets pass, every reader
 * of CSV splits into the same values: quotes only around whole values, as many fields as columns, LF or CRLF.
 */
export class RecordScanner {
  readonly #table: Uint16Array;
  readonly #starts: Uint16Array;
  #state: number;
  #column = 0;
  #records = 0;

  constructor(patterns: readonly ValuePattern[], form: RecordForm) {
    const distinct = [...new Set(patterns)];
    const bases = new Map<ValuePattern, number>();
    let stateCount = firstOfValues;
    for (const pattern of distinct) {
      bases.set(pattern, stateCount);
      stateCount += valueStates(pattern);
    }
    if (stateCount > 0xffff) throw new RangeError('patterns of more states than are counted');
    this.#table = new Uint16Array(256 * stateCount);
    this.#table[256 * lineFeedWanted + newline] = recordEnd;
    for (const [pattern, base] of bases) writeStates(this.#table, base, pattern, form);
    this.#starts = Uint16Array.from(patterns, (pattern) => bases.get(pattern) ?? broken);
    this.#state = this.#starts[0] ?? broken;
  }

  /** Records whose end was seen. */
  get records(): number {
    return this.#records;
  }

  /** False in the middle of a record. */
  get isBetweenRecords(): boolean {
    return this.#column === 0 && this.#state === this.#starts[0];
  }

  /**
   * Goes on to the end of `bytes`, or to the end of that many records; gives the place behind what was read.
   * @throws DataError
   */
  scan(bytes: Uint8Array, from: number, mostRecords: number = Infinity): number {
    const table = this.#table;
    const starts = this.#starts;
    const last = starts.length - 1;
    const stopAt = this.#records + mostRecords;
    let state = this.#state;
    let column = this.#column;
    let at = from;
    for (; at < bytes.length; at += 1) {
      state = table[(state << 8) | (bytes[at] as number)] as number;
      if (state > lineFeedWanted) continue;
      if (state === fieldEnd && column < last) {
        column += 1;
        state = starts[column] as number;
      } else if (state === recordEnd && column === last) {
        column = 0;
        state = starts[0] as number;
        this.#records += 1;
        if (this.#records === stopAt) {
          at += 1;
          break;
        }
      } else if (state !== lineFeedWanted) throw notPlain(this.#records);
    }
    this.#state = state;
    this.#column = column;
    return at;
  }
}

/** The start of a field, the start and the end of an empty one in quotes; then each state bare, in quotes, behind a quote. */
const statesBeforeValue = 3;

function valueStates({ stateCount }: ValuePattern): number {
  return statesBeforeValue + 3 * stateCount;
}

function writeStates(
  table: Uint16Array,
  base: number,
  pattern: ValuePattern,
  { delimiter, quote, emptyAsNull }: RecordForm,
): void {
  const delimiterByte = delimiter.charCodeAt(0);
  const quoteByte = quote.charCodeAt(0);
  const { stateCount, next, accepts } = pattern;
  const bare = base + statesBeforeValue;
  const quoted = bare + stateCount;
  const closed = quoted + stateCount;
  const [start, quotedStart, closedEmpty] = [base, base + 1, base + 2];

  const goOn = (row: number, state: number, first: number): void => {
    for (let byte = 0; byte < 256; byte += 1) {
      const to = next[256 * state + byte] as number;
      table[256 * row + byte] = to < 0 ? broken : first + to;
    }
  };
  const end = (row: number, isValue: boolean): void => {
    table[256 * row + delimiterByte] = isValue ? fieldEnd : broken;
    table[256 * row + newline] = isValue ? recordEnd : broken;
    table[256 * row + carriageReturn] = isValue ? lineFeedWanted : broken;
  };

  goOn(start, 0, bare);
  end(start, true);
  table[256 * start + quoteByte] = quotedStart;
  goOn(quotedStart, 0, quoted);
  table[256 * quotedStart + quoteByte] = closedEmpty;
  for (let state = 0; state < stateCount; state += 1) {
    goOn(bare + state, state, bare);
    end(bare + state, accepts[state] === true);
    table[256 * (bare + state) + quoteByte] = broken;
    goOn(quoted + state, state, quoted);
    table[256 * (quoted + state) + quoteByte] = closed + state;
  }
  const escaped = (state: number): number => {
    const to = next[256 * state + quoteByte] as number;
    return to < 0 ? broken : quoted + to;
  };
  end(closedEmpty, emptyAsNull || accepts[0] === true);
  table[256 * closedEmpty + quoteByte] = escaped(0);
  for (let state = 0; state < stateCount; state += 1) {
    end(closed + state, accepts[state] === true);
    table[256 * (closed + state) + quoteByte] = escaped(state);
  }
}
