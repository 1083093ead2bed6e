import type { ResultSet } from '../connector/result-set.ts';
import type { CheckOutcome } from '../core/executor.ts';
import { type CompiledSql, concatSql } from './compile/compiled-sql.ts';
import { toJsonValue } from './files/plain-value.ts';
import type { TestNode } from './manifest/transform-node.ts';

/** How many failing rows a message shows. */
const shownRows = 5;
const maxShownCharacters = 60;

/** Counts the failures of a compiled test and says whether they are a warning or an error. */
export function checkSql(node: TestNode, compiled: CompiledSql): CompiledSql {
  const { failCalc, warnIf, errorIf, limit } = node.config;
  return concatSql([
    `select coalesce(${failCalc}, 0) as failures, coalesce(${failCalc}, 0) ${warnIf} as should_warn, ` +
      `coalesce(${failCalc}, 0) ${errorIf} as should_error\nfrom (\n`,
    compiled,
    `${limit === undefined ? '' : `\nlimit ${limit}`}\n) as dbt_internal_test`,
  ]);
}

export function sampleSql(compiled: CompiledSql): CompiledSql {
  return concatSql(['select * from (\n', compiled, `\n) as dbt_internal_test limit ${shownRows}`]);
}

export interface CheckCount {
  readonly failures: number;
  readonly shouldWarn: boolean;
  readonly shouldError: boolean;
}

export function readCheckCount(result: ResultSet): CheckCount {
  const [failures, shouldWarn, shouldError] = result.rows[0] ?? [];
  return {
    failures: Number(failures ?? 0),
    shouldWarn: shouldWarn === true,
    shouldError: shouldError === true,
  };
}

/**
 * A check of severity `warn` that finds rows has not passed, but stops nothing. One of severity `error` that
 * reaches only its `warn_if` has passed. The message of both begins with `warn`.
 */
export function checkOutcome(node: TestNode, count: CheckCount, sample: ResultSet | undefined): CheckOutcome {
  const { failures } = count;
  const isError = node.config.severity === 'error' && count.shouldError;
  const isWarning = !isError && count.shouldWarn;
  if (!isError && !isWarning) return { passed: true, failures: 0, message: 'passed' };
  const rows = `${failures} failing ${failures === 1 ? 'row' : 'rows'}`;
  const shown = sample && sample.rows.length > 0 ? `, such as ${shownValues(sample)}` : '';
  return {
    passed: isWarning && node.config.severity === 'error',
    failures,
    message: `${isError ? '' : 'warn: '}${rows}${shown}`,
  };
}

function shownValues(sample: ResultSet): string {
  return sample.rows
    .map((row) =>
      sample.columns.map((column, index) => `${column.name}=${shownValue(row[index])}`).join(', '),
    )
    .join('; ');
}

function shownValue(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  const text = typeof value === 'string' ? value : (JSON.stringify(toJsonValue(value)) ?? '');
  return text.length > maxShownCharacters ? `${text.slice(0, maxShownCharacters)}…` : text;
}
