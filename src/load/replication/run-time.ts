import type { JsonObject } from '../../core/json.ts';
import type { TemplateValues } from './template.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const dayMilliseconds = 86_400_000;

/**
 * The moment a run began, in the spellings of the format, all in UTC. It is the same for every attempt, also
 * when a run goes on after its process has died.
 * @param startedAtMs milliseconds since 1970
 */
export function timeVariables(startedAtMs: number): TemplateValues {
  const start = new Date(startedAtMs);
  const iso = `${start.toISOString().slice(0, 19)}Z`;
  const [date = '', clock = ''] = iso.slice(0, -1).split('T');
  const [YYYY = '', MM = '', DD = ''] = date.split('-');
  const [HH = '', mm = '', ss = ''] = clock.split(':');
  const dayOfYear = Math.floor((startedAtMs - Date.UTC(start.getUTCFullYear(), 0, 1)) / dayMilliseconds) + 1;
  const fileName = `${YYYY}_${MM}_${DD}_${HH}${mm}${ss}`;
  return {
    run_timestamp: fileName,
    timestamp_date: date,
    timestamp_datetime: `${date} ${clock}`,
    timestamp_rfc3339: iso,
    timestamp_file_name: fileName,
    timestamp_unix: String(Math.floor(startedAtMs / 1000)),
    YYYY,
    YY: YYYY.slice(2),
    MMM: months[start.getUTCMonth()] ?? '',
    MM,
    DD,
    DDD: String(dayOfYear).padStart(3, '0'),
    HH,
    hh: String(start.getUTCHours() % 12 || 12).padStart(2, '0'),
    mm,
    ss,
    ISO8601: iso,
  };
}

const fixedNames: ReadonlySet<string> = new Set([
  ...Object.keys(timeVariables(0)),
  'execution_id',
  'execution_start_time',
]);

/** True for a variable that has no value before a run: its time, and what a hook at its start stores. */
export function isRunVariable(name: string): boolean {
  return fixedNames.has(name) || name.startsWith('store_');
}

/** What a template may say about stored values: texts, numbers and the like. */
export function storeVariables(store: JsonObject): TemplateValues {
  return Object.fromEntries(
    Object.entries(store).flatMap(([key, value]) =>
      value === null || typeof value === 'object' ? [] : [[`store_${key}`, String(value)]],
    ),
  );
}

function startVariables(startedAtMs: number): TemplateValues {
  const times = timeVariables(startedAtMs);
  return { ...times, execution_start_time: times['ISO8601'] ?? '' };
}

/** What a template may say about the run it is filled in. */
export function runVariables(run: {
  readonly id: string;
  readonly startedAtMs: number | undefined;
}): TemplateValues {
  return {
    execution_id: run.id,
    ...(run.startedAtMs === undefined ? {} : startVariables(run.startedAtMs)),
  };
}
