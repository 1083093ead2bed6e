/** What a number in a cell stands for. */
export type NumberMeaning = 'number' | 'date' | 'time' | 'datetime';

/** Formats that every workbook has without writing them down (ECMA-376, 18.8.30). */
const builtIn: Readonly<Record<number, NumberMeaning>> = {
  14: 'date',
  15: 'date',
  16: 'date',
  17: 'date',
  18: 'time',
  19: 'time',
  20: 'time',
  21: 'time',
  22: 'datetime',
  27: 'date',
  28: 'date',
  29: 'date',
  30: 'date',
  31: 'date',
  32: 'time',
  33: 'time',
  34: 'time',
  35: 'time',
  36: 'date',
  45: 'time',
  46: 'number',
  47: 'time',
  50: 'date',
  51: 'date',
  52: 'date',
  53: 'date',
  54: 'date',
  55: 'time',
  56: 'time',
  57: 'date',
  58: 'date',
};

/** @param code the format's text when the workbook writes it down */
export function numberMeaning(id: number, code: string | undefined): NumberMeaning {
  return code === undefined ? (builtIn[id] ?? 'number') : meaningOfCode(code);
}

/** Elapsed time, such as `[h]:mm`, is a number of days. */
function meaningOfCode(code: string): NumberMeaning {
  if (/\[(h+|m+|s+)\]/i.test(code)) return 'number';
  const bare =
    code
      .replaceAll(/"[^"]*"/g, '')
      .replaceAll(/\\./g, '')
      .replaceAll(/_./g, '')
      .replaceAll(/\*./g, '')
      .replaceAll(/\[[^\]]*\]/g, '')
      .replaceAll(/general/gi, '')
      .split(';')[0] ?? '';
  const hasDay = /[yd]/i.test(bare) || /m/i.test(bare.replaceAll(/h[^a-z]*m+|m+[^a-z]*s/gi, ''));
  const hasTime = /[hs]/i.test(bare);
  if (hasDay) return hasTime ? 'datetime' : 'date';
  return hasTime ? 'time' : 'number';
}

const millisecondsPerDay = 86_400_000;
/** The day 0 of serial numbers, in days since 1970. */
const base1900 = -25_569;
const base1904 = -24_107;

/**
 * A serial number as ISO 8601 text; undefined for what no calendar has: negative numbers, days beyond
 * 9999, and the 29th of February 1900, which Excel invented.
 */
export function serialText(serial: number, meaning: NumberMeaning, uses1904: boolean): string | undefined {
  if (!(serial >= 0) || serial >= 2_958_466) return undefined;
  const milliseconds = Math.round(serial * millisecondsPerDay);
  let day = Math.floor(milliseconds / millisecondsPerDay);
  const clock = clockText(milliseconds % millisecondsPerDay);
  if (meaning === 'time' && day === 0) return clock;
  if (!uses1904) {
    if (day === 60 || day === 0) return undefined;
    if (day < 60) day += 1;
  }
  const date = new Date((day + (uses1904 ? base1904 : base1900)) * millisecondsPerDay)
    .toISOString()
    .slice(0, 10);
  const isWholeDay = milliseconds % millisecondsPerDay === 0;
  return meaning === 'date' && isWholeDay ? date : `${date} ${clock}`;
}

function clockText(milliseconds: number): string {
  const text = new Date(milliseconds).toISOString().slice(11, 23);
  return text.endsWith('.000') ? text.slice(0, 8) : text;
}
