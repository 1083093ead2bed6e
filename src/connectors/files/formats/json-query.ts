import { ConfigError, DataError } from '../../../core/errors.ts';
import { brokenFile } from './broken-file.ts';
import { isJsonObject, parseForReckoning, parseJson } from './json-text.ts';

/** An expression that makes records out of whole documents. */
export interface JsonQuery {
  readonly language: 'jmespath' | 'jq';
  readonly expression: string;
}

/** Most characters of one document, which is held in memory as a whole. */
const maxDocumentLength = 256 * 1024 * 1024;
/** Lines that are asked together: a call of jq costs more than a line. */
const batchLength: number = 1024 * 1024;

/**
 * Asks each document of a file; what comes out, lists one level deep, are the records.
 * @param isLines every line is a document of its own
 * @throws ConfigError for an expression that cannot be understood, DataError for answers that are no records
 */
export async function* queryDocuments(
  pieces: AsyncIterable<string>,
  query: JsonQuery,
  isLines: boolean,
  place: string,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const ask = query.language === 'jq' ? askJq : askJmespath;
  for await (const { text, where } of isLines ? lineBatches(pieces, place) : wholeText(pieces, place)) {
    for (const answer of await ask(text, query.expression, where)) yield* recordsOf(answer, query, where);
  }
}

/** Whole documents as they are, each value being a record or a list of records. */
export async function* documentRecords(
  pieces: AsyncIterable<string>,
  isLines: boolean,
  place: string,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  for await (const { text, where } of isLines ? lineBatches(pieces, place) : wholeText(pieces, place)) {
    for (const document of documentsOf(text, where, parseJson)) {
      for (const item of Array.isArray(document) ? document : [document]) {
        if (!isJsonObject(item)) throw brokenFile(where, 'a record is not a JSON object');
        yield item;
      }
    }
  }
}

interface Documents {
  /** One document, or several lines of one each. */
  readonly text: string;
  readonly where: string;
}

async function* wholeText(pieces: AsyncIterable<string>, place: string): AsyncGenerator<Documents> {
  const parts: string[] = [];
  let length = 0;
  for await (const piece of pieces) {
    parts.push(piece);
    length += piece.length;
    if (length > maxDocumentLength) {
      throw new DataError(`${place}: the document is longer than ${maxDocumentLength} characters.`, {
        code: 'document_too_large',
        state: 'Nothing was read: expressions need the whole document in memory.',
        next: 'Write it as JSON lines, one record each (.jsonl).',
      });
    }
  }
  const text = parts.join('');
  if (text.trim() !== '') yield { text, where: place };
}

async function* lineBatches(pieces: AsyncIterable<string>, place: string): AsyncGenerator<Documents> {
  let rest = '';
  let line = 1;
  for await (const piece of pieces) {
    rest += piece;
    if (rest.length < batchLength) continue;
    const end = rest.lastIndexOf('\n') + 1;
    if (end === 0 && rest.length > maxDocumentLength)
      throw brokenFile(`${place}, line ${line}`, 'the line is too long');
    const text = rest.slice(0, end);
    if (text.trim() !== '') yield { text, where: `${place}, lines from ${line}` };
    line += text.split('\n').length - 1;
    rest = rest.slice(end);
  }
  if (rest.trim() !== '') yield { text: rest, where: `${place}, lines from ${line}` };
}

/** Documents of a text: one, or one in each line. */
function documentsOf<T>(text: string, where: string, parse: (text: string) => T): readonly T[] {
  try {
    return [parse(text)];
  } catch {
    return text.split('\n').flatMap((line, index) => {
      if (line.trim() === '') return [];
      try {
        return [parse(line)];
      } catch (error) {
        const reason = error instanceof Error ? error.message.replace(/,? ".*$/s, '') : 'broken';
        throw brokenFile(`${where} + ${index}`, `it is not JSON: ${reason}`, 'Correct the document.');
      }
    });
  }
}

async function askJmespath(text: string, expression: string, where: string): Promise<readonly unknown[]> {
  const { compile, TreeInterpreter } = await import('@jmespath-community/jmespath');
  let tree: ReturnType<typeof compile>;
  try {
    tree = compile(expression);
  } catch (error) {
    throw badExpression('jmespath', expression, error);
  }
  const parse = (document: string) => ({ document, ...parseForReckoning(document) });
  return documentsOf(text, where, parse).map(({ document, value, alike, restore }) => {
    if (alike && reckons(tree)) throw numbersAlike(alike, where);
    try {
      return alike
        ? TreeInterpreter.search(tree, parseJson(document) as never)
        : restore(TreeInterpreter.search(tree, value as never));
    } catch (error) {
      throw badExpression('jmespath', expression, error);
    }
  });
}

async function askJq(text: string, expression: string, where: string): Promise<readonly unknown[]> {
  const { raw } = await import('jq-wasm');
  try {
    const answer = await raw(text, expression, ['-c']);
    return answer === '' ? [] : answer.split('\n').map((line) => parseJson(line));
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (/parse error/.test(message)) {
      throw brokenFile(
        where,
        `it is not JSON: ${message.replace(/^.*parse error: /s, '')}`,
        'Correct the document.',
      );
    }
    throw badExpression('jq', expression, error);
  }
}

/** True when an expression compares, sorts or sums up, and does not only choose. */
function reckons(tree: unknown): boolean {
  if (tree === null || typeof tree !== 'object') return false;
  const type = 'type' in tree ? String(tree.type) : '';
  return /Comparator|Function|Arithmetic|Filter/.test(type) || Object.values(tree).some(reckons);
}

function numbersAlike([one, other]: readonly [string, string], where: string): DataError {
  return new DataError(
    `${where}: jmespath cannot tell ${one} from ${other}, because it reckons with doubles.`,
    {
      code: 'numbers_alike',
      state: 'Nothing was published.',
      next: 'Write the expression as jq:, or load the numbers and filter in a model.',
    },
  );
}

function badExpression(language: string, expression: string, error: unknown): ConfigError {
  const reason = error instanceof Error ? (error.message.trim().split('\n')[0] ?? '') : '';
  return new ConfigError(`source option ${language}: '${expression}' fails: ${reason}`, {
    code: 'expression_failed',
    next: 'Correct the expression; it gives an object or a list of objects.',
  });
}

function* recordsOf(
  answer: unknown,
  { language }: JsonQuery,
  where: string,
): Generator<Readonly<Record<string, unknown>>> {
  if (answer === null || answer === undefined) return;
  for (const item of Array.isArray(answer) ? answer : [answer]) {
    if (item === null) continue;
    if (!isJsonObject(item)) {
      throw new DataError(`${where}: ${language} gives values that are not objects.`, {
        code: 'records_missing',
        state: 'Nothing was published.',
        next: 'Let the expression give an object or a list of objects, such as items[].{id: id}.',
      });
    }
    yield item;
  }
}
