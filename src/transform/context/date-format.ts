import { ConfigError } from '../../core/errors.ts';

const dayMs = 86_400_000;
const weekdays = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** Python's `strftime` of what `date` says in UTC. Throws `not_yet_supported` for a rare letter. */
export function strftime(
  date: Date,
  format: string,
  zone: { readonly name: string; readonly offset: string },
  microsecond: number,
): string {
  return format.replaceAll(/%(-?)([A-Za-z%])/g, (whole, bare: string, letter: string) => {
    const text =
      letter === 'z' ? zone.offset : letter === 'Z' ? zone.name : formatted(date, letter, microsecond);
    if (text === undefined)
      throw new ConfigError(`strftime's ${whole} is not yet supported`, { code: 'not_yet_supported' });
    return bare === '-' ? text.replace(/^0+(?=.)/, '') : text;
  });
}

function formatted(date: Date, letter: string, microsecond: number): string | undefined {
  const two = (value: number): string => String(value).padStart(2, '0');
  const dayOfWeek = (date.getUTCDay() + 6) % 7;
  switch (letter) {
    case 'Y':
      return String(date.getUTCFullYear()).padStart(4, '0');
    case 'y':
      return two(date.getUTCFullYear() % 100);
    case 'm':
      return two(date.getUTCMonth() + 1);
    case 'd':
      return two(date.getUTCDate());
    case 'H':
      return two(date.getUTCHours());
    case 'I':
      return two(date.getUTCHours() % 12 || 12);
    case 'p':
      return date.getUTCHours() < 12 ? 'AM' : 'PM';
    case 'M':
      return two(date.getUTCMinutes());
    case 'S':
      return two(date.getUTCSeconds());
    case 'f':
      return String(microsecond).padStart(6, '0');
    case 'j':
      return String(
        Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / dayMs) + 1,
      ).padStart(3, '0');
    case 'A':
      return weekdays[dayOfWeek];
    case 'a':
      return weekdays[dayOfWeek]?.slice(0, 3);
    case 'B':
      return months[date.getUTCMonth()];
    case 'b':
      return months[date.getUTCMonth()]?.slice(0, 3);
    case 'F':
      return date.toISOString().slice(0, 10);
    case 'T':
      return date.toISOString().slice(11, 19);
    case 'u':
      return String(dayOfWeek + 1);
    case 'w':
      return String(date.getUTCDay());
    case 'e':
      return String(date.getUTCDate()).padStart(2, ' ');
    case 'G':
    case 'V':
      return two(isoWeek(date)[letter]);
    case 's':
      return String(Math.floor(date.getTime() / 1000));
    case '%':
      return '%';
    default:
      return undefined;
  }
}

/** ISO 8601: the week belongs to the year that has its Thursday. */
function isoWeek(date: Date): { readonly G: number; readonly V: number } {
  const day = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
  const thursday = new Date(day + (3 - ((date.getUTCDay() + 6) % 7)) * dayMs);
  const year = thursday.getUTCFullYear();
  return { G: year, V: Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * dayMs)) + 1 };
}

const parsedParts: Readonly<Record<string, string>> = {
  Y: '(?<Y>\\d{4})',
  m: '(?<m>\\d{1,2})',
  d: '(?<d>\\d{1,2})',
  H: '(?<H>\\d{1,2})',
  M: '(?<M>\\d{1,2})',
  S: '(?<S>\\d{1,2})',
  f: '(?<f>\\d{1,6})',
};

/** Python's `strptime`: milliseconds since 1970, UTC. Throws a ConfigError when the text does not fit. */
export function strptime(text: string, format: string): number {
  const pattern = format
    .split(/(%.)/)
    .map((piece) => {
      if (!piece.startsWith('%')) return piece.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
      const part = parsedParts[piece.slice(1)];
      if (part === undefined)
        throw new ConfigError(`strptime's ${piece} is not yet supported`, { code: 'not_yet_supported' });
      return part;
    })
    .join('');
  const found = new RegExp(`^${pattern}$`).exec(text)?.groups;
  if (!found)
    throw new ConfigError(`"${text}" does not fit the format "${format}"`, { code: 'template_value' });
  const part = (letter: string, fallback: number): number => Number(found[letter] ?? fallback);
  const micros = Number((found['f'] ?? '0').padEnd(6, '0'));
  return (
    Date.UTC(part('Y', 1900), part('m', 1) - 1, part('d', 1), part('H', 0), part('M', 0), part('S', 0)) +
    Math.floor(micros / 1000)
  );
}
