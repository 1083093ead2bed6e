const integer = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const decimal = new Intl.NumberFormat('en', { maximumFractionDigits: 2 });
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const dateTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const clockTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

export const formatCount = (count: number): string => integer.format(count);
export const formatCompact = (count: number): string => compact.format(count);
export const formatDateTime = (atMs: number): string => dateTime.format(atMs);
export const formatClock = (atMs: number): string => clockTime.format(atMs);

/** `1 run`, `2 runs`. */
export function formatQuantity(count: number, one: string, many: string = `${one}s`): string {
  return `${integer.format(count)} ${count === 1 ? one : many}`;
}

/** `840 ms`, `3.2 s`, `4 m 05 s`, `2 h 10 m`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.max(0, Math.round(durationMs))} ms`;
  const seconds = durationMs / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} m ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} m`;
}

/** `5 minutes ago`, `in 3 minutes`. */
export function formatAgo(atMs: number, nowMs: number): string {
  const seconds = Math.round((atMs - nowMs) / 1000);
  const size = Math.abs(seconds);
  if (size < 5) return 'just now';
  if (size < 60) return relative.format(seconds, 'second');
  if (size < 3600) return relative.format(Math.round(seconds / 60), 'minute');
  if (size < 86_400) return relative.format(Math.round(seconds / 3600), 'hour');
  return relative.format(Math.round(seconds / 86_400), 'day');
}

/** A number of a report: `integer`, `decimal`, `percent`, a currency code, or as it comes. */
export function formatNumber(value: number, format: string | undefined): string {
  if (format === 'integer') return integer.format(value);
  if (format === 'percent') return percent.format(value);
  if (format !== undefined && /^[A-Z]{3}$/.test(format)) {
    const whole = Math.abs(value) >= 1000 ? { maximumFractionDigits: 0 } : {};
    return new Intl.NumberFormat('en', { style: 'currency', currency: format, ...whole }).format(value);
  }
  return decimal.format(value);
}

const numericTypes = /^(u?int|float|decimal|numeric|double|real|bigint|hugeint|integer|smallint|number)/i;

export function isNumericType(type: string): boolean {
  return numericTypes.test(type);
}

/** `1234567.50` as `1,234,567.50`, every digit as it came; text that is no plain number unchanged. */
export function groupDigits(text: string): string {
  const [, sign, whole, fraction] = /^(-?)(\d+)(\.\d+)?$/.exec(text) ?? [];
  if (whole === undefined) return text;
  return `${sign}${whole.replace(/\B(?=(\d{3})+$)/g, ',')}${fraction ?? ''}`;
}

const identifier = /(^|_)(id|key|code|year|number|no)$/i;

/** True for columns whose digits are a name rather than an amount, such as `order_id`. */
export function isIdentifier(column: string): boolean {
  return identifier.test(column);
}

/** A database value as text; null as an empty text. */
export function formatCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return JSON.stringify(value);
}
