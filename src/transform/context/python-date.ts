import {
  type CallArguments,
  methodValue,
  printed,
  type TemplateFunction,
  type TemplateObject,
  type Value,
} from '../jinja/index.ts';
import { ConfigError } from '../../core/errors.ts';
import { strftime } from './date-format.ts';
import { instantOfWall, zoneOffsetMs } from './time-zone.ts';

export const dayMs = 86_400_000;
type Kind = 'date' | 'datetime';

/** Python's `datetime` and `date`. Without a zone its clock is read as if it were UTC's. */
export class PythonDate implements TemplateObject {
  /** Milliseconds since 1970; microseconds are its fraction. */
  readonly ms: number;
  readonly kind: Kind;
  readonly zone: PythonZone | undefined;

  constructor(ms: number, kind: Kind, zone?: PythonZone) {
    this.ms = kind === 'date' ? Math.floor(ms / dayMs) * dayMs : ms;
    this.kind = kind;
    this.zone = zone;
  }

  toString(): string {
    return this.#text(' ');
  }

  jinjaAttribute(name: string): Value | undefined {
    const date = new Date(this.#wallMs());
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
      case 'microsecond':
        return microsecondOf(this.ms);
      case 'tzinfo':
        return this.zone ?? null;
      case 'utcoffset':
        return method(() => (this.zone ? new Duration(this.#offsetMs()) : null));
      case 'date':
        return method(() => new PythonDate(this.#wallMs(), 'date'));
      case 'weekday':
        return method(() => (date.getUTCDay() + 6) % 7);
      case 'isoweekday':
        return method(() => ((date.getUTCDay() + 6) % 7) + 1);
      case 'timestamp':
        return method(() => this.ms / 1000);
      case 'isoformat':
        return method(() => this.#text('T'));
      case 'strftime':
        return method((args) =>
          strftime(date, printed(args.get(0, 'format') ?? ''), this.#zoneText(), microsecondOf(this.ms)),
        );
      case 'replace':
        return method((args) => this.#replace(args));
      case 'astimezone':
        return method((args) => new PythonDate(this.ms, 'datetime', zoneOf(args.get(0, 'tz')) ?? utc));
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
    if (other instanceof Duration && operator === '+') return this.#at(this.ms + other.ms);
    if (isReflected || operator !== '-') return undefined;
    if (other instanceof Duration) return this.#at(this.ms - other.ms);
    return other instanceof PythonDate && other.kind === this.kind
      ? new Duration(this.ms - other.ms)
      : undefined;
  }

  #at(ms: number): PythonDate {
    return new PythonDate(ms, this.kind, this.zone);
  }

  #offsetMs(): number {
    return this.zone ? this.zone.offsetMs(this.ms) : 0;
  }

  /** What its clock shows, as if that were UTC. */
  #wallMs(): number {
    return this.ms + this.#offsetMs();
  }

  /** `+01:00` */
  #offsetText(): string {
    if (!this.zone) return '';
    const minutes = Math.round(this.#offsetMs() / 60_000);
    const two = (value: number): string => String(value).padStart(2, '0');
    return `${minutes < 0 ? '-' : '+'}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  }

  #zoneText(): { readonly name: string; readonly offset: string } {
    return { name: this.zone?.name ?? '', offset: this.#offsetText().replace(':', '') };
  }

  #text(between: string): string {
    const text = new Date(this.#wallMs()).toISOString();
    if (this.kind === 'date') return text.slice(0, 10);
    const microsecond = microsecondOf(this.ms);
    const fraction = microsecond === 0 ? '' : `.${String(microsecond).padStart(6, '0')}`;
    return text.slice(0, 10) + between + text.slice(11, 19) + fraction + this.#offsetText();
  }

  #replace(args: CallArguments): Value {
    const date = new Date(this.#wallMs());
    const part = (name: string, before: number): number => numberOf(args.keyword.get(name) ?? before);
    const ms = Date.UTC(
      part('year', date.getUTCFullYear()),
      part('month', date.getUTCMonth() + 1) - 1,
      part('day', date.getUTCDate()),
      part('hour', date.getUTCHours()),
      part('minute', date.getUTCMinutes()),
      part('second', date.getUTCSeconds()),
    );
    const zone = args.keyword.has('tzinfo') ? zoneOf(args.keyword.get('tzinfo')) : this.zone;
    const whole = zone ? zone.instantOf(ms) : ms;
    return new PythonDate(whole + part('microsecond', microsecondOf(this.ms)) / 1000, this.kind, zone);
  }
}

function microsecondOf(ms: number): number {
  return Math.round((ms - Math.floor(ms / 1000) * 1000) * 1000) % 1_000_000;
}

/** A time zone of Python's `pytz`, by its IANA name. */
export class PythonZone implements TemplateObject {
  readonly name: string;

  constructor(name: string) {
    if (name !== 'UTC') zoneOffsetMs(name, 0);
    this.name = name;
  }

  toString(): string {
    return this.name;
  }

  jinjaEquals(other: Value): boolean {
    return other instanceof PythonZone && other.name === this.name;
  }

  jinjaAttribute(name: string): Value | undefined {
    if (name === 'zone' || name === 'key') return this.name;
    if (name !== 'localize') return undefined;
    return methodValue(name, (args) => {
      const date = args.get(0, 'dt');
      if (!(date instanceof PythonDate))
        throw new ConfigError('localize() takes a datetime', { code: 'template_type' });
      return new PythonDate(this.instantOf(date.ms), 'datetime', this);
    });
  }

  offsetMs(instantMs: number): number {
    return this.name === 'UTC' ? 0 : zoneOffsetMs(this.name, instantMs);
  }

  instantOf(wallMs: number): number {
    return this.name === 'UTC' ? wallMs : instantOfWall(this.name, wallMs);
  }
}

/** UTC, the zone of `run_started_at`. */
export const utc: PythonZone = new PythonZone('UTC');

/** The zone that was given as an argument; undefined for None. Throws a ConfigError for anything else. */
export function zoneOf(given: Value | undefined): PythonZone | undefined {
  if (given === undefined || given === null) return undefined;
  if (given instanceof PythonZone) return given;
  throw new ConfigError(`a time zone is needed, not ${printed(given)}`, { code: 'template_type' });
}

/** Python's `timedelta`. */
export class Duration implements TemplateObject {
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

function method(work: TemplateFunction): TemplateFunction {
  return work;
}

export function numberOf(value: Value): number {
  if (typeof value === 'number') return value;
  throw new ConfigError(`a number is needed, not ${printed(value)}`, { code: 'template_type' });
}
