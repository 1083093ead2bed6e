import { DataError, type ErrorDetail, FatalError } from '../../core/errors.ts';
import type { StepOutcome } from '../../core/executor.ts';
import type { JsonObject } from '../../core/json.ts';
import type { TransformNode } from '../manifest/transform-node.ts';
import type { DbtResult } from './dbt-event.ts';

/** What a step leaves in the ledger for what dbt did. Throws when dbt did not bring it to an end. */
export function outcomeOf(node: TransformNode, result: DbtResult, more: JsonObject): StepOutcome {
  const { status, message, failures = 0 } = result;
  const metadata = { executor: 'dbt', ...timesOf(result), ...more };
  if (status === 'success' || status === 'no-op') {
    return {
      ...(result.rows === undefined ? {} : { rows: result.rows }),
      metadata: { ...metadata, ...(message === undefined ? {} : { message }) },
    };
  }
  if (status === 'pass') return { check: { passed: true, failures: 0, message: 'passed' }, metadata };
  if (node.kind === 'test' && (status === 'fail' || status === 'warn')) {
    const rows = `${failures} failing ${failures === 1 ? 'row' : 'rows'}`;
    // As of Millrace's own: what only warns has passed where it would be an error at another number.
    const passed = status === 'warn' && node.config.severity === 'error';
    return { check: { passed, failures, message: `${status === 'warn' ? 'warn: ' : ''}${rows}` }, metadata };
  }
  const detail: ErrorDetail = { code: 'dbt_node_failed', origin: node.origin };
  const said = message === undefined ? 'dbt says no more about it' : withoutTitle(message);
  if (status === 'skipped') {
    throw new FatalError(`dbt skipped it: ${said}`, { ...detail, code: 'dbt_node_skipped' });
  }
  throw new DataError(status === 'partial success' ? `some batches failed: ${said}` : said, {
    ...detail,
    state: 'What dbt had published before is as it was.',
  });
}

/** Without `in model x (models/x.sql)` after the sort of error: the place is told beside the message. */
function withoutTitle(message: string): string {
  const [title = '', ...rest] = message.split('\n');
  const sort = /^([A-Z]\w+ Error) in \w+ .+\)$/.exec(title)?.[1];
  return sort === undefined || rest.length === 0
    ? message
    : `${sort}: ${rest.map((line) => line.replace(/^ {2}/, '')).join('\n')}`;
}

function timesOf(result: DbtResult): JsonObject {
  const { startedAt, finishedAt, executionSeconds } = result;
  return {
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...(executionSeconds === undefined ? {} : { executionSeconds }),
  };
}
