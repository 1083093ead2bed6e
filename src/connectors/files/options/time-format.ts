import { ConfigError } from '../../../core/errors.ts';

/** How dates and times are written. */
export interface TimeFormat {
  /** As DuckDB's strptime and strftime know it. */
  readonly pattern: string;
  readonly kind: 'date' | 'timestamp' | 'timestamptz';
}

/** Words of the formats that Sling takes (those of Java and of moment.js), longest first. */
const words: readonly (readonly [string, string])[] = [
  ['YYYY', '%Y'],
  ['yyyy', '%Y'],
  ['YY', '%y'],
  ['yy', '%y'],
  ['MMMM', '%B'],
  ['MMM', '%b'],
  ['MM', '%m'],
  ['DDD', '%j'],
  ['DD', '%d'],
  ['dd', '%d'],
  ['HH', '%H'],
  ['hh', '%I'],
  ['mm', '%M'],
  ['ss', '%S'],
  ['SSSSSS', '%f'],
  ['SSS', '%g'],
  ['A', '%p'],
  ['a', '%p'],
  ['Z', '%z'],
];

/**
 * Turns `DD.MM.YYYY HH:mm` into `%d.%m.%Y %H:%M`; a format with `%` is taken as it is.
 * @throws ConfigError code `invalid_value` for letters that mean nothing
 */
export function strptimeFormat(format: string): TimeFormat {
  const pattern = format.includes('%') ? format : translate(format);
  const hasTime = /%[HIMSfgp]/.test(pattern);
  const kind = pattern.includes('%z') ? 'timestamptz' : hasTime ? 'timestamp' : 'date';
  if (!/%[Yy]/.test(pattern)) {
    throw new ConfigError(`datetime_format '${format}' has no year.`, {
      code: 'invalid_value',
      next: "Write it like 'DD.MM.YYYY' or 'YYYY-MM-DD HH:mm:ss'.",
    });
  }
  return { pattern, kind };
}

function translate(format: string): string {
  let pattern = '';
  for (let at = 0; at < format.length;) {
    const word = words.find(([letters]) => format.startsWith(letters, at));
    const letter = format.charAt(at);
    if (word) {
      pattern += word[1];
      at += word[0].length;
    } else if (/[a-z]/i.test(letter) && letter !== 'T') {
      throw new ConfigError(`datetime_format '${format}': '${letter}' means nothing there.`, {
        code: 'invalid_value',
        next: 'Use YYYY, YY, MMMM, MMM, MM, DD, HH, hh, mm, ss, SSS, SSSSSS, A and Z, or a pattern of strptime with %.',
      });
    } else {
      pattern += letter;
      at += 1;
    }
  }
  return pattern;
}
