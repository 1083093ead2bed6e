import type { Environment } from '../../config/environment.ts';
import { ConfigError, type MillraceError, ProjectError } from '../../core/errors.ts';
import type { RetryPolicy } from '../../core/node.ts';
import type { RunRecord } from '../../core/ledger.ts';

/** What Sling's environment variables say about a run. Documented in `docs/cli.md`. */
export interface RunSwitches {
  readonly retry?: Partial<RetryPolicy>;
  /** Of the whole run. */
  readonly timeoutSeconds?: number;
  /** Steps side by side. */
  readonly concurrency?: number;
  readonly dryRun: boolean;
  /** Print JSON. */
  readonly json: boolean;
  readonly expectations: readonly Expectation[];
}

/** A figure of the run that must hold, or the run counts as failed. */
interface Expectation {
  readonly variable: 'SLING_ROW_CNT' | 'SLING_STREAM_CNT' | 'SLING_TOTAL_BYTES';
  readonly operator: '=' | '>' | '>=' | '<' | '<=';
  readonly count: number;
}

/** Variables that would change what happens, and what to do instead. */
const refused: Readonly<Record<string, string>> = {
  SLING_PROXY: 'Use ssh_tunnel: in the connection',
};

/** @throws ProjectError with every variable that is wrong or cannot be obeyed */
export function runSwitches(environment: Environment): RunSwitches {
  const mistakes: MillraceError[] = [];
  const set = (name: string): string | undefined => {
    const value = environment[name];
    return value === undefined || value === '' ? undefined : value;
  };
  for (const [name, next] of Object.entries(refused)) {
    const value = set(name);
    if (value !== undefined && value !== 'false') mistakes.push(notSupported(name, next));
  }
  const count = (name: string, least: number): number | undefined => {
    const value = set(name);
    if (value === undefined) return undefined;
    if (/^\d+$/.test(value) && Number(value) >= least) return Number(value);
    mistakes.push(invalid(name, value, `a whole number from ${least}`));
    return undefined;
  };
  const retries = count('SLING_RETRIES', 0);
  const delaySeconds = duration(set('SLING_RETRY_DELAY'), mistakes);
  const timeoutMinutes = minutes(set('SLING_TIMEOUT'), mistakes);
  const concurrency = count('SLING_THREADS', 1);
  const expectations = (['SLING_ROW_CNT', 'SLING_STREAM_CNT', 'SLING_TOTAL_BYTES'] as const).flatMap(
    (variable) => expectation(variable, set(variable), mistakes),
  );
  if (mistakes.length > 0) throw new ProjectError(mistakes);
  const retry = {
    ...(retries === undefined ? {} : { maxAttempts: retries + 1 }),
    ...(delaySeconds === undefined ? {} : { delaySeconds, maxDelaySeconds: Math.max(delaySeconds, 30) }),
  };
  return {
    ...(Object.keys(retry).length > 0 ? { retry } : {}),
    ...(timeoutMinutes === undefined ? {} : { timeoutSeconds: timeoutMinutes * 60 }),
    ...(concurrency === undefined ? {} : { concurrency }),
    dryRun: set('SLING_DRY_RUN') === 'true',
    json: set('SLING_LOGGING')?.toUpperCase() === 'JSON',
    expectations,
  };
}

/** What a finished run does not keep of what was expected of it, in sentences. */
export function brokenExpectations(run: RunRecord, expectations: readonly Expectation[]): readonly string[] {
  const loads = run.steps.filter(({ kind, state }) => kind === 'asset' && state === 'succeeded');
  const sum = (of: (step: (typeof loads)[number]) => number): number =>
    loads.reduce((total, step) => total + of(step), 0);
  const figures = {
    SLING_ROW_CNT: sum(({ outcome }) => Number(outcome?.metadata['rowsRead'] ?? outcome?.rows ?? 0)),
    SLING_STREAM_CNT: sum(({ outcome }) =>
      Array.isArray(outcome?.metadata['streams']) ? outcome.metadata['streams'].length : 1,
    ),
    SLING_TOTAL_BYTES: sum(({ outcome }) => outcome?.bytes ?? 0),
  };
  return expectations.flatMap(({ variable, operator, count }) => {
    const found = figures[variable];
    return holds(found, operator, count)
      ? []
      : [`${variable} expects ${operator === '=' ? '' : `${operator} `}${count}, and there were ${found}`];
  });
}

function holds(found: number, operator: Expectation['operator'], count: number): boolean {
  switch (operator) {
    case '=':
      return found === count;
    case '>':
      return found > count;
    case '>=':
      return found >= count;
    case '<':
      return found < count;
    case '<=':
      return found <= count;
  }
}

function expectation(
  variable: Expectation['variable'],
  value: string | undefined,
  mistakes: MillraceError[],
): Expectation[] {
  if (value === undefined) return [];
  const [, operator, digits] = /^\s*(>=|<=|>|<|==?)?\s*(\d+)\s*$/.exec(value) ?? [];
  if (digits === undefined) {
    mistakes.push(invalid(variable, value, 'a number such as 1000, or a bound such as >0'));
    return [];
  }
  const sign = operator === undefined || operator === '==' ? '=' : operator;
  return [{ variable, operator: sign as Expectation['operator'], count: Number(digits) }];
}

function minutes(value: string | undefined, mistakes: MillraceError[]): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d*\.?\d+$/.test(value) && Number(value) > 0) return Number(value);
  mistakes.push(invalid('SLING_TIMEOUT', value, 'a number of minutes such as 30 or 0.5'));
  return undefined;
}

const secondsPer: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600 };

function duration(value: string | undefined, mistakes: MillraceError[]): number | undefined {
  if (value === undefined) return undefined;
  const [, digits, unit = ''] = /^(\d+)([smh]?)$/.exec(value) ?? [];
  if (digits !== undefined) return Number(digits) * (secondsPer[unit] ?? 1);
  mistakes.push(invalid('SLING_RETRY_DELAY', value, 'a time such as 10s or 5m'));
  return undefined;
}

function invalid(name: string, value: string, wanted: string): ConfigError {
  return new ConfigError(`the environment variable ${name} is '${value}', which is not ${wanted}`, {
    code: 'environment_invalid',
    next: `Correct it, or: unset ${name}`,
  });
}

function notSupported(name: string, next: string): ConfigError {
  return new ConfigError(`the environment variable ${name} is not supported`, {
    code: 'not_yet_supported',
    state: 'It would change what is loaded, and is not ignored in silence',
    next,
  });
}
