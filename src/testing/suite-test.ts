import assert from 'node:assert/strict';
import { type ErrorKind, MillraceError } from '../core/errors.ts';
import type { SuiteBench } from './suite-bench.ts';

/** One test of a suite. */
export interface SuiteCase {
  readonly name: string;
  readonly run: (bench: SuiteBench<unknown>) => Promise<void>;
  /** What holds instead where the system cannot keep the values. */
  readonly refuses?: (bench: SuiteBench<unknown>) => Promise<void>;
}

/** What a promise rejects with; a failure of the test when it resolves. */
export async function rejection(work: Promise<unknown>, message: string): Promise<unknown> {
  let result: unknown;
  try {
    result = await work;
  } catch (error) {
    return error;
  }
  assert.fail(`${message}, and it went through: ${JSON.stringify(result, bigintAsText)?.slice(0, 200)}`);
}

/** Holds an error against the contract: a `MillraceError` of one of the kinds. */
export function checkError(error: unknown, kinds: readonly ErrorKind[]): MillraceError {
  if (!(error instanceof MillraceError)) {
    const shown = error instanceof Error ? error.stack : String(error);
    assert.fail(`errors are MillraceErrors, and this is none: ${shown}`);
  }
  assert.ok(kinds.includes(error.kind), `${error.message} is ${error.kind}, not ${kinds.join(' or ')}`);
  assert.match(error.code, /^[a-z][a-z0-9_]*$/, 'a code is made of words');
  return error;
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
