import { stripVTControlCharacters } from 'node:util';
import type { LogLevel } from '../../core/executor.ts';

/** What one line of `dbt --log-format json` says that Millrace has a use for. */
export type DbtEvent =
  | { readonly type: 'version'; readonly version: string; readonly invocationId: string | undefined }
  | { readonly type: 'started'; readonly id: string }
  | { readonly type: 'finished'; readonly id: string; readonly result: DbtResult }
  | {
      readonly type: 'said';
      readonly id: string | undefined;
      readonly level: LogLevel;
      readonly text: string;
    };

/** What became of one node, as dbt's event or `run_results.json` tells it. */
export interface DbtResult {
  /** dbt's word: `success`, `error`, `skipped`, `pass`, `fail`, `warn`, `partial success`, `no-op`. */
  readonly status: string;
  /** dbt 2 tells it in `run_results.json` only. */
  readonly message: string | undefined;
  readonly failures: number | undefined;
  readonly rows: number | undefined;
  readonly executionSeconds: number | undefined;
  /** As dbt writes times. */
  readonly startedAt: string | undefined;
  readonly finishedAt: string | undefined;
}

type Values = Readonly<Record<string, unknown>>;

/** Undefined for a line that is no event of dbt. */
export function readDbtEvent(line: string): DbtEvent | undefined {
  const event = jsonOf(line);
  if (!event) return undefined;
  const info = valuesOf(event['info']);
  const data = valuesOf(event['data']);
  const name = info['name'];
  if (typeof name !== 'string') return undefined;
  const node = valuesOf(data['node_info']);
  const id = textOf(node['unique_id']);
  if (name === 'MainReportVersion') {
    const version = (textOf(data['version']) ?? '').replace(/^=/, '');
    return { type: 'version', version, invocationId: textOf(info['invocation_id']) };
  }
  if (name === 'NodeStart' && id !== undefined) return { type: 'started', id };
  if (name === 'NodeFinished' && id !== undefined) {
    return { type: 'finished', id, result: resultOf(valuesOf(data['run_result']), node) };
  }
  if (name === 'SQLQuery') return { type: 'said', id, level: 'debug', text: textOf(data['sql']) ?? '' };
  const level = levels[textOf(info['level']) ?? ''] ?? 'debug';
  return { type: 'said', id, level, text: plain(textOf(info['msg']) ?? '') };
}

/** An entry of `results` in `run_results.json`. */
export function readDbtResult(
  entry: unknown,
): { readonly id: string; readonly result: DbtResult } | undefined {
  const values = valuesOf(entry);
  const id = textOf(values['unique_id']);
  if (id === undefined) return undefined;
  const timing = Array.isArray(values['timing']) ? values['timing'].map(valuesOf) : [];
  return {
    id,
    result: {
      ...resultOf(values, {}),
      failures: numberOf(values['failures']),
      startedAt: textOf(timing[0]?.['started_at']),
      finishedAt: textOf(timing.at(-1)?.['completed_at']),
    },
  };
}

function resultOf(run: Values, node: Values): DbtResult {
  const message = plain(textOf(run['message']) ?? '');
  return {
    status: textOf(run['status']) ?? textOf(node['node_status']) ?? 'error',
    message: message === '' ? undefined : message,
    failures: numberOf(run['num_failures']),
    rows: numberOf(valuesOf(run['adapter_response'])['rows_affected']),
    executionSeconds: numberOf(run['execution_time']),
    startedAt: textOf(node['node_started_at']),
    finishedAt: textOf(node['node_finished_at']),
  };
}

const levels: Readonly<Record<string, LogLevel>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
};

/** Without the colours of a terminal. */
function plain(text: string): string {
  return stripVTControlCharacters(text).trim();
}

function jsonOf(line: string): Values | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return valuesOf(JSON.parse(line));
  } catch {
    return undefined;
  }
}

function valuesOf(value: unknown): Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** -1 rows is how adapters say that they do not know. */
function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 ? number : undefined;
}
