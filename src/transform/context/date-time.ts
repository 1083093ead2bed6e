import { ConfigError } from '../../core/errors.ts';
import {
  type CallArguments,
  printed,
  type TemplateFunction,
  type TemplateObject,
  type Value,
} from '../jinja/index.ts';
import { strftime, strptime } from './date-format.ts';

const dayMs = 86_400_000;
type Kind = 'date' | 'datetime';

/** Python's `datetime` and `date`: UTC, to the millisecond. */
class PythonDate implements TemplateObject {
  readonly ms: number;
  readonly kind: Kind;

  constructor(ms: number, kind: Kind) {
    this.ms = kind === 'date' ? Math.floor(ms / dayMs) * dayMs : ms;
    this.kind = kind;
  }

  toString(): string {
    return this.#text(' ');
  }

  jinjaAttribute(name: string): Value | undefined {
    const date = new Date(this.ms);
    switch (name) {
      case 'year':
        return date.getUTCFullYear();
      case 'month':
        return date.getUTCMonth() + 1;
      case 'day':
        return date.getUTCDate();
      case 'hour':
        return date.getUTCHours();
      case 'minute':
        return date.getUTCMinutes();
      case 'second':
        return date.getUTCSeconds();
      case 'date':
        return method(() => new PythonDate(this.ms, 'date'));
      case 'weekday':
        return method(() => (date.getUTCDay() + 6) % 7);
      case 'isoweekday':
        return method(() => ((date.getUTCDay() + 6) % 7) + 1);
      case 'timestamp':
        return method(() => this.ms / 1000);
      case 'isoformat':
        return method(() => this.#text('T'));
      case 'strftime':
        return method((args) => strftime(date, printed(args.get(0, 'format') ?? '')));
      case 'replace':
        return method((args) => this.#replace(args));
      case 'astimezone':
        return method(() => this);
      default:
        return undefined;
    }
  }

  jinjaEquals(other: Value): boolean {
    return other instanceof PythonDate && other.ms === this.ms && other.kind === this.kind;
  }

  jinjaCompare(other: Value): number | undefined {
    return other instanceof PythonDate && other.kind === this.kind ? this.ms - other.ms : undefined;
  }

  jinjaBinary(operator: string, other: Value, isReflected: boolean): Value | undefined {
    if (other instanceof Duration && operator === '+') return new PythonDate(this.ms + other.ms, this.kind);
    if (isReflected || operator !== '-') return undefined;
    if (other instanceof Duration) return new PythonDate(this.ms - other.ms, this.kind);
    return other instanceof PythonDate && other.kind === this.kind
      ? new Duration(this.ms - other.ms)
      : undefined;
  }

  #text(between: string): string {
    const text = new Date(this.ms).toISOString();
    if (this.kind === 'date') return text.slice(0, 10);
    const fraction = this.ms % 1000 === 0 ? '' : `${text.slice(19, 23)}000`;
    return text.slice(0, 10) + between + text.slice(11, 19) + fraction;
  }

  #replace(args: CallArguments): Value {
    const date = new Date(this.ms);
    const part = (name: string, before: number): number => numberOf(args.keyword.get(name) ?? before);
    const ms = Date.UTC(
      part('year', date.getUTCFullYear()),
      part('month', date.getUTCMonth() + 1) - 1,
      part('day', date.getUTCDate()),
      part('hour', date.getUTCHours()),
      part('minute', date.getUTCMinutes()),
      part('second', date.getUTCSeconds()),
      Math.floor(part('microsecond', date.getUTCMilliseconds() * 1000) / 1000),
    );
    return new PythonDate(ms, this.kind);
  }
}

/** Python's `timedelta`. */
class Duration implements TemplateObject {
  readonly ms: number;

  constructor(ms: number) {
    this.ms = ms;
  }

  toString(): string {
    const days = Math.floor(this.ms / dayMs);
    const rest = new Date(this.ms - days * dayMs).toISOString().slice(11, 19).replace(/^0/, '');
    if (days === 0) return rest;
    return `${days} ${Math.abs(days) === 1 ? 'day' : 'days'}, ${rest}`;
  }

  jinjaAttribute(name: string): Value | undefined {
    if (name === 'days') return Math.floor(this.ms / dayMs);
    if (name === 'seconds') return Math.floor((this.ms - Math.floor(this.ms / dayMs) * dayMs) / 1000);
    return name === 'total_seconds' ? method(() => this.ms / 1000) : undefined;
  }

  jinjaEquals(other: Value): boolean {
    return other instanceof Duration && other.ms === this.ms;
  }

  jinjaCompare(other: Value): number | undefined {
    return other instanceof Duration ? this.ms - other.ms : undefined;
  }

  jinjaBinary(operator: string, other: Value, isReflected: boolean): Value | undefined {
    if (other instanceof Duration && operator === '+') return new Duration(this.ms + other.ms);
    if (other instanceof Duration && operator === '-' && !isReflected)
      return new Duration(this.ms - other.ms);
    return typeof other === 'number' && operator === '*' ? new Duration(this.ms * other) : undefined;
  }
}

/** A class of Python: callable, with functions of its own. */
class PythonClass implements TemplateObject {
  readonly jinjaCall: TemplateFunction;
  readonly #functions: Readonly<Record<string, TemplateFunction>>;

  constructor(create: TemplateFunction, functions: Readonly<Record<string, TemplateFunction>>) {
    this.jinjaCall = create;
    this.#functions = functions;
  }

  jinjaAttribute(name: string): Value | undefined {
    return this.#functions[name];
  }
}

/** A module of dbt's `modules` that is not built: its first use is an error. */
class MissingModule implements TemplateObject {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  jinjaAttribute(): Value | undefined {
    throw new ConfigError(`modules.${this.#name} is not yet supported`, { code: 'not_yet_supported' });
  }
}

/** `datetime` of that moment: dbt's `run_started_at`. */
export function dateTime(ms: number): Value {
  return new PythonDate(ms, 'datetime');
}

/** dbt's `modules`: `datetime`, in UTC. */
export const pythonModules: Readonly<Record<string, Value>> = {
  datetime: {
    datetime: new PythonClass((args) => new PythonDate(momentOf(args), 'datetime'), {
      now: () => new PythonDate(Date.now(), 'datetime'),
      utcnow: () => new PythonDate(Date.now(), 'datetime'),
      today: () => new PythonDate(Date.now(), 'datetime'),
      strptime: (args) => {
        const { text, format } = args.bind('strptime', ['text', 'format']);
        return new PythonDate(strptime(printed(text ?? ''), printed(format ?? '')), 'datetime');
      },
      fromisoformat: (args) => new PythonDate(isoMoment(printed(args.get(0, 'text') ?? '')), 'datetime'),
    }),
    date: new PythonClass((args) => new PythonDate(momentOf(args), 'date'), {
      today: () => new PythonDate(Date.now(), 'date'),
      fromisoformat: (args) => new PythonDate(isoMoment(printed(args.get(0, 'text') ?? '')), 'date'),
    }),
    timedelta: new PythonClass((args) => new Duration(durationMs(args)), {}),
  },
  re: new MissingModule('re'),
  itertools: new MissingModule('itertools'),
  pytz: new MissingModule('pytz'),
};

function method(work: TemplateFunction): TemplateFunction {
  return work;
}

function momentOf(args: CallArguments): number {
  const bound = args.bind('datetime', [
    'year',
    'month',
    'day',
    'hour?',
    'minute?',
    'second?',
    'microsecond?',
    'tzinfo?',
  ]);
  const part = (name: string): number => numberOf(bound[name] ?? 0);
  const date = new Date(
    Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')),
  );
  if (date.getUTCMonth() !== part('month') - 1 || date.getUTCDate() !== part('day')) {
    throw new ConfigError('there is no such day', { code: 'template_value' });
  }
  return date.getTime() + Math.floor(part('microsecond') / 1000);
}

function durationMs(args: CallArguments): number {
  const bound = args.bind('timedelta', [
    'days?',
    'seconds?',
    'microseconds?',
    'milliseconds?',
    'minutes?',
    'hours?',
    'weeks?',
  ]);
  const part = (name: string): number => numberOf(bound[name] ?? 0);
  return (
    (part('weeks') * 7 + part('days')) * dayMs +
    part('hours') * 3_600_000 +
    part('minutes') * 60_000 +
    part('seconds') * 1000 +
    part('milliseconds') +
    part('microseconds') / 1000
  );
}

function numberOf(value: Value): number {
  if (typeof value === 'number') return value;
  throw new ConfigError(`a number is needed, not ${printed(value)}`, { code: 'template_type' });
}

function isoMoment(text: string): number {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?$/.exec(text);
  const ms = match ? Date.parse(`${match[1] ?? ''}T${match[2] ?? '00:00'}Z`) : Number.NaN;
  if (Number.isNaN(ms)) throw new ConfigError(`"${text}" is no ISO date`, { code: 'template_value' });
  return ms;
}
