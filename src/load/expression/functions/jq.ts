import { createHash } from 'node:crypto';
import type { JsonValue } from '../../../core/json.ts';
import { textOf, type ExpressionFunction } from './function-kind.ts';

/** The machine that runs filters takes time that grows with the square of a document's length: here about a second. */
const maxDocumentLength: number = 64 * 1024;
/** Of the answers that are kept, each until so many others have come. */
const maxAnswers = 10_000;

/** Thrown by `jq()` for what it was not asked before: expressions are reckoned at once, filters are not. */
class UnansweredQuestion extends Error {
  readonly document: string;
  readonly filter: string;

  constructor(document: string, filter: string) {
    super(`jq has not answered ${filter}`);
    this.document = document;
    this.filter = filter;
  }
}

const answers = new Map<string, readonly JsonValue[] | Error>();

/**
 * Reckons until all that `jq()` is asked on the way is answered. The value, and errors of other kinds, are those
 * of the expression and left to whoever reckons it next.
 */
export async function answerQuestions(reckon: () => unknown): Promise<void> {
  for (;;) {
    try {
      reckon();
      return;
    } catch (error) {
      if (!(error instanceof UnansweredQuestion)) return;
      await answer(error);
    }
  }
}

/** True for what must not be taken for an error of the expression. */
export function isQuestion(error: unknown): boolean {
  return error instanceof UnansweredQuestion;
}

/** All that a filter gives, as a list. */
export const jq: ExpressionFunction = ([value, filter]) => {
  const document = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  const found = answers.get(keyOf(document, textOf(filter)));
  if (found === undefined) throw new UnansweredQuestion(document, textOf(filter));
  if (found instanceof Error) throw found;
  return found;
};

async function answer({ document, filter }: UnansweredQuestion): Promise<void> {
  const key = keyOf(document, filter);
  const [oldest] = answers.keys();
  if (answers.size >= maxAnswers && oldest !== undefined) answers.delete(oldest);
  if (document.length > maxDocumentLength) {
    const message = `jq() takes documents of up to ${maxDocumentLength} letters; jmespath() takes longer ones`;
    answers.set(key, new RangeError(message));
    return;
  }
  const { raw } = await import('jq-wasm');
  try {
    const lines = (await raw(document, filter, ['-c'])).trim();
    answers.set(key, lines === '' ? [] : lines.split('\n').map((line) => JSON.parse(line) as JsonValue));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    answers.set(key, new Error(message.replace(/^Failed to execute raw query: /, '')));
  }
}

function keyOf(document: string, filter: string): string {
  return createHash('sha256')
    .update(JSON.stringify([document, filter]))
    .digest('hex');
}
