import type { SystemName } from './value-table.fixture.ts';

/** What a value is, apart from how a system spells it. */
export type ScalarKind =
  | 'boolean'
  | 'number'
  | 'single'
  | 'double'
  | 'money'
  | 'text'
  | 'address'
  | 'bytes'
  | 'date'
  | 'time'
  | 'timetz'
  | 'timestamp'
  | 'timestamptz'
  | 'interval'
  | 'uuid'
  | 'json'
  | 'record';

export type ValueKind = ScalarKind | { readonly of: ScalarKind };

/** SQL that has a system spell a column's value as text by itself. */
export function spelling(system: SystemName, name: string, kind: ValueKind): string {
  const column = system === 'MARIA' ? `\`${name}\`` : `"${name}"`;
  if (typeof kind !== 'string') return arraySpelling(system, column, kind.of);
  switch (kind) {
    case 'boolean':
      return system === 'MARIA' ? `cast(${column} + 0 as char)` : textOf(system, column);
    case 'bytes':
      if (system === 'PG') return `encode(${column}, 'hex')`;
      return system === 'LITE' ? `case when ${column} is not null then hex(${column}) end` : `hex(${column})`;
    case 'interval':
      return system === 'PG' ? spanParts(column) : textOf(system, column);
    case 'address':
      return system === 'PG'
        ? `case when ${column} is not null then format('%s', ${column}) end`
        : textOf(system, column);
    case 'timestamptz':
      return system === 'PG' ? `(${column} at time zone 'UTC')::text` : textOf(system, column);
    case 'single':
    case 'double':
      if (system === 'MARIA') return `cast(${column} * 1e0 as char)`;
      return system === 'LITE' ? column : textOf(system, column);
    case 'record':
      return system === 'DUCK' ? `cast(to_json(${column}) as varchar)` : textOf(system, column);
    default:
      return textOf(system, column);
  }
}

/** PostgreSQL's words for it depend on a setting. */
function spanParts(column: string): string {
  const part = (name: string): string => `extract(${name} from ${column})`;
  const seconds = `${part('hour')} * 3600 + ${part('minute')} * 60 + ${part('second')}`;
  return `((${part('year')} * 12 + ${part('month')})::int || ' ' || ${part('day')}::int || ' ' || ((${seconds}) * 1000000)::bigint)`;
}

function textOf(system: SystemName, column: string): string {
  if (system === 'MARIA') return `cast(${column} as char)`;
  return `cast(${column} as ${system === 'DUCK' ? 'varchar' : 'text'})`;
}

function arraySpelling(system: SystemName, column: string, element: ScalarKind): string {
  if (system === 'PG') {
    const value = {
      bytes: 'substr(e::text, 3)',
      timestamptz: "(e at time zone 'UTC')::text",
      interval: spanParts('e'),
    } as Readonly<Partial<Record<ScalarKind, string>>>;
    return `case when ${column} is not null then (select coalesce(json_agg(${value[element] ?? 'e::text'}), '[]') from unnest(${column}) as e)::text end`;
  }
  if (system !== 'DUCK') return textOf(system, column);
  const value = element === 'bytes' ? 'lower(hex(e))' : 'cast(e as varchar)';
  return `cast(to_json(list_transform(${column}, lambda e: ${value})) as varchar)`;
}

/** One text for one value, however a system spelt it. */
export function meaning(spelt: unknown, kind: ValueKind): unknown {
  if (spelt === null || spelt === undefined) return null;
  const text = Buffer.from(spelt instanceof Uint8Array ? spelt : `${spelt as string | number}`).toString(
    'utf8',
  );
  if (typeof kind === 'string') return scalarMeanings[kind](text);
  return listOf(text).map((item) => (item === null ? null : scalarMeanings[kind.of](item)));
}

const scalarMeanings: Readonly<Record<ScalarKind, (text: string) => string>> = {
  boolean: (text) => String(/^(t|true|1)$/i.test(text)),
  number: decimal,
  money: (text) => decimal(text.replaceAll(/[$,]/g, '')),
  single: (text) => float(Math.fround(number(text))),
  double: (text) => float(number(text)),
  text: (text) => text,
  address: (text) => text,
  bytes: (text) => text.toLowerCase().replace(/^\\x/, ''),
  uuid: (text) => text.toLowerCase(),
  date: day,
  timestamp: moment,
  timestamptz: (text) => moment(text.replace(/(?<=\d)(Z|\+00(:00)?)(?= BC|$)/, '')),
  time: clock,
  timetz: (text) => {
    const [, time = '', zone = ''] = /^([^+-]+)(.*)$/.exec(text) ?? [];
    return `${clock(time)}${zone.replace(/^([+-]\d\d)$/, '$1:00')}`;
  },
  interval: span,
  json,
  record: json,
};

function json(text: string): string {
  return JSON.stringify(canonical(exactParse(text)));
}

/** Not by way of a float: sign, digits without zeros around them. */
function decimal(text: string): string {
  const special = /^([+-]?)(nan|inf)/i.exec(text);
  if (special) return `${special[1]}${special[2]?.toLowerCase()}`;
  const [, sign, whole = '', fraction = '', exponent = '0'] = /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(
    text.trim(),
  ) ?? ['', '', `?${text}`];
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  const padded = digits
    .padStart(digits.length + Math.max(0, -point), '0')
    .padEnd(Math.max(point, digits.length), '0');
  const at = Math.max(point, 0);
  const left = padded.slice(0, at).replace(/^0+/, '') || '0';
  const right = padded.slice(at).replace(/0+$/, '');
  const value = right === '' ? left : `${left}.${right}`;
  return sign === '-' && value !== '0' ? `-${value}` : value;
}

function number(text: string): number {
  const infinite = /^([+-]?)inf/i.exec(text);
  if (infinite) return infinite[1] === '-' ? -Infinity : Infinity;
  return /^nan/i.test(text) ? Number.NaN : Number(text);
}

function float(value: number): string {
  return Object.is(value, -0) ? '0' : String(value);
}

/** Years before Christ have a sign in files. */
function withEra(text: string): string {
  const signed = /^-(\d{4,})(-\d\d-\d\d.*)$/.exec(text);
  return signed ? `${String(Number(signed[1]) + 1).padStart(4, '0')}${signed[2]} BC` : text;
}

function day(written: string): string {
  const text = withEra(written);
  if (/infinity/.test(text)) return text;
  const era = text.includes('BC') ? ' BC' : '';
  return text.replaceAll(/ ?\(?BC\)?/g, '') + era;
}

function moment(written: string): string {
  const text = withEra(written);
  if (/infinity/.test(text)) return text;
  const era = text.includes('BC') ? ' BC' : '';
  const [date = '', time = '00:00:00'] = text
    .replaceAll(/ ?\(?BC\)?/g, '')
    .replace('T', ' ')
    .split(' ');
  return `${date} ${clock(time)}${era}`;
}

function clock(text: string): string {
  const [whole = '', fraction = ''] = text.split('.');
  return `${whole}.${fraction.padEnd(6, '0')}`;
}

/** Months, days and microseconds, each by itself. */
function span(text: string): string {
  if (/^-?\d+ -?\d+ -?\d+$/.test(text)) return text;
  if (text.startsWith('P')) return isoSpan(text);
  const part = (unit: string): number => Number(new RegExp(`([+-]?\\d+) ${unit}`).exec(text)?.[1] ?? 0);
  const [, sign = '', hours = '0', minutes = '0', seconds = '0', fraction = ''] =
    /([+-]?)(\d+):(\d\d):(\d\d)(?:\.(\d+))?/.exec(text) ?? [];
  const size =
    (BigInt(hours) * 3600n + BigInt(minutes) * 60n + BigInt(seconds)) * 1_000_000n +
    BigInt(fraction.padEnd(6, '0'));
  return `${12 * part('year') + part('mon')} ${part('day')} ${sign === '-' ? -size : size}`;
}

function isoSpan(text: string): string {
  const [date = '', time = ''] = text.split('T');
  const part = (of: string, unit: string): string => new RegExp(`(-?[\\d.]+)${unit}`).exec(of)?.[1] ?? '0';
  const size =
    BigInt(part(time, 'H')) * 3_600_000_000n +
    BigInt(part(time, 'M')) * 60_000_000n +
    BigInt(Math.round(Number(part(time, 'S')) * 1e6));
  return `${12 * Number(part(date, 'Y')) + Number(part(date, 'M'))} ${Number(part(date, 'D'))} ${size}`;
}

/** Elements as texts; numbers as they are written. */
function listOf(text: string): readonly (string | null)[] {
  return (exactParse(text) as readonly unknown[]).map((item) => {
    if (item === null || typeof item === 'string') return item;
    return item instanceof Digits ? item.text : JSON.stringify(plain(item));
  });
}

/** A number of JSON as it is written. */
class Digits {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function exactParse(text: string): unknown {
  const reviver = (_key: string, value: unknown, { source }: { readonly source?: string }): unknown =>
    typeof value === 'number' ? new Digits(source ?? String(value)) : value;
  return JSON.parse(text, reviver as (key: string, value: unknown) => unknown);
}

function canonical(value: unknown): unknown {
  if (value instanceof Digits) return { number: decimal(value.text) };
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, canonical(item)]),
  );
}

function plain(value: unknown): unknown {
  if (value instanceof Digits) return Number(value.text);
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

/** The members of an object of JSON as texts; what is no text as it is written. */
export function exactTexts(line: string): Readonly<Record<string, string | null>> {
  const members = exactParse(line) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(members).map(([name, value]) => {
      if (value === null || typeof value === 'string') return [name, value];
      return [name, value instanceof Digits ? value.text : JSON.stringify(verbatim(value))];
    }),
  );
}

function verbatim(value: unknown): unknown {
  if (value instanceof Digits) return rawJson(value.text);
  if (Array.isArray(value)) return value.map(verbatim);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, verbatim(item)]));
}

function rawJson(text: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(text);
}
