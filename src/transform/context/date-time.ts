import { ConfigError } from '../../core/errors.ts';
import {
  type CallArguments,
  printed,
  type TemplateFunction,
  type TemplateObject,
  type Value,
} from '../jinja/index.ts';
import { clockMs } from './clock.ts';
import { strptime } from './date-format.ts';
import { iterationTools } from './iteration-tools.ts';
import { dayMs, Duration, numberOf, PythonDate, PythonZone, utc, zoneOf } from './python-date.ts';
import { regularExpressionModule } from './regular-expression.ts';

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

/** `datetime` of that moment: dbt's `run_started_at`. */
export function dateTime(ms: number): Value {
  return new PythonDate(ms, 'datetime', utc);
}

/** A value of the database that is a day or a moment, as ISO 8601; any other text stays what it is. */
export function dateFromText(text: string, type: 'date' | 'timestamp' | 'timestamptz'): Value {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?Z?)?$/.exec(text);
  const ms = match ? Date.parse(`${match[1] ?? ''}T${match[2] ?? '00:00:00'}Z`) : Number.NaN;
  if (Number.isNaN(ms)) return text;
  const fractionMs = Number((match?.[3] ?? '').padEnd(6, '0')) / 1000;
  return type === 'date'
    ? new PythonDate(ms, 'date')
    : new PythonDate(ms + fractionMs, 'datetime', type === 'timestamptz' ? utc : undefined);
}

/** dbt's `modules`. A clock without a zone is UTC's. */
export const pythonModules: Readonly<Record<string, Value>> = {
  datetime: {
    datetime: new PythonClass(
      (args) => zoned(momentOf(args), zoneOf(args.keyword.get('tzinfo') ?? args.positional[7])),
      {
        now: (args) => new PythonDate(clockMs(), 'datetime', zoneOf(args.get(0, 'tz'))),
        utcnow: () => new PythonDate(clockMs(), 'datetime'),
        today: () => new PythonDate(clockMs(), 'datetime'),
        strptime: (args) => {
          const { text, format } = args.bind('strptime', ['text', 'format']);
          return new PythonDate(strptime(printed(text ?? ''), printed(format ?? '')), 'datetime');
        },
        fromisoformat: (args) => isoDateTime(printed(args.get(0, 'text') ?? '')),
      },
    ),
    date: new PythonClass((args) => new PythonDate(momentOf(args), 'date'), {
      today: () => new PythonDate(clockMs(), 'date'),
      fromisoformat: (args) => new PythonDate(isoMoment(printed(args.get(0, 'text') ?? '')), 'date'),
    }),
    timedelta: new PythonClass((args) => new Duration(durationMs(args)), {}),
  },
  re: regularExpressionModule,
  itertools: iterationTools,
  pytz: {
    timezone: (args: CallArguments) => new PythonZone(printed(args.get(0, 'zone') ?? null)),
    utc,
    UTC: utc,
  },
};

function zoned(wallMs: number, zone: PythonZone | undefined): PythonDate {
  return new PythonDate(zone ? zone.instantOf(wallMs) : wallMs, 'datetime', zone);
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
  return date.getTime() + part('microsecond') / 1000;
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

/** With an offset at its end, the moment; without one, a clock of no zone. */
function isoDateTime(text: string): PythonDate {
  const offset = /[T ].*?(Z|[+-]\d{2}:?\d{2})$/.exec(text)?.[1];
  if (offset === undefined) return new PythonDate(isoMoment(text), 'datetime');
  const wallMs = isoMoment(text.slice(0, -offset.length));
  const name = offset === 'Z' ? '+00:00' : `${offset.slice(0, 3)}:${offset.slice(-2)}`;
  return zoned(wallMs, /^[+-]00:00$/.test(name) ? utc : new PythonZone(name));
}

function isoMoment(text: string): number {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?$/.exec(text);
  const ms = match ? Date.parse(`${match[1] ?? ''}T${match[2] ?? '00:00'}Z`) : Number.NaN;
  if (Number.isNaN(ms)) throw new ConfigError(`"${text}" is no ISO date`, { code: 'template_value' });
  return ms;
}
