import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FatalError, type MillraceError, TransientError } from '../../core/errors.ts';
import type { LogLevel } from '../../core/executor.ts';
import { type DbtEvent, type DbtResult, readDbtEvent, readDbtResult } from './dbt-event.ts';
import { type DbtExit, type DbtProcess, startDbt } from './dbt-process.ts';

export interface InvocationRequest {
  readonly path: string;
  readonly folder: string;
  readonly targetFolder: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Ids of the nodes that it was asked for. */
  readonly ids: readonly string[];
}

export type Log = (message: string, level: LogLevel) => void;

/** One dbt at work on several nodes. */
export interface DbtInvocation {
  readonly ids: ReadonlySet<string>;
  readonly version: string | undefined;
  /** Settles when it has ended, in whatever way. */
  readonly ended: Promise<void>;
  /** What became of a node, as soon as it is known. Rejects when dbt ends without telling. */
  resultOf(id: string): Promise<DbtResult>;
  /** What dbt says about a node goes to `log` from now on, and what it has said before. */
  listen(id: string, log: Log): void;
  /** Results of nodes that nobody asked for by name: hooks at the start and the end. */
  operations(): readonly { readonly id: string; readonly result: DbtResult }[];
  cancel(): void;
}

interface NodeBook {
  readonly result: PromiseWithResolvers<DbtResult>;
  log: Log | undefined;
  /** What was said before anybody listened. */
  readonly early: { readonly message: string; readonly level: LogLevel }[];
}

/** Lines that are kept of a node until its step begins. */
const maxEarlyLines = 200;
/** Mistakes of the whole project that are told when dbt ends without building anything. */
const maxComplaints = 5;

/** Starts `dbt build`. Throws when it cannot be started. */
export async function invokeDbt(request: InvocationRequest): Promise<DbtInvocation> {
  const books = new Map(request.ids.map((id): [string, NodeBook] => [id, newBook()]));
  const found = new Map<string, DbtResult>();
  const complaints: string[] = [];
  let version: string | undefined;
  let invocationId: string | undefined;
  let isKnown = false;

  const heard = (event: DbtEvent): void => {
    isKnown = true;
    if (event.type === 'version') ({ version, invocationId } = event);
    if (event.type === 'finished') {
      found.set(event.id, event.result);
      // dbt 2 tells why something went wrong only in its artifact.
      if (event.result.message !== undefined || isGood(event.result))
        books.get(event.id)?.result.resolve(event.result);
    }
    if (event.type !== 'said') return;
    const book = event.id === undefined ? undefined : books.get(event.id);
    if (book) say(book, event.text, event.level);
    else if (event.level === 'error' && complaints.length < maxComplaints) complaints.push(event.text);
  };
  const dbt: DbtProcess = await startDbt({
    ...request,
    onLine: (line) => {
      const event = readDbtEvent(line);
      if (event) heard(event);
    },
  });
  const artifact = new Map<string, DbtResult>();
  const ended = dbt.exit.then(async (exit) => {
    for (const [id, result] of await readResults(request.targetFolder, invocationId)) {
      artifact.set(id, result);
      books.get(id)?.result.resolve(result);
    }
    const problem = endedEarly(exit, complaints, isKnown);
    for (const [id, book] of books) {
      const known = found.get(id);
      if (known) book.result.resolve(known);
      else book.result.reject(problem);
    }
  });
  return {
    ids: new Set(request.ids),
    get version() {
      return version;
    },
    ended,
    resultOf: (id) =>
      books.get(id)?.result.promise ?? Promise.reject(new Error(`dbt was not asked for ${id}`)),
    listen: (id, log) => {
      const book = books.get(id);
      if (!book) return;
      book.log = log;
      for (const { message, level } of book.early.splice(0)) log(message, level);
    },
    operations: () =>
      [...artifact].flatMap(([id, result]) => (id.startsWith('operation.') ? [{ id, result }] : [])),
    cancel: () => dbt.cancel(),
  };
}

function newBook(): NodeBook {
  const result = Promise.withResolvers<DbtResult>();
  // A node that dbt has failed may be one that the run never comes to.
  result.promise.catch(() => undefined);
  return { result, log: undefined, early: [] };
}

function say(book: NodeBook, message: string, level: LogLevel): void {
  if (message === '') return;
  if (book.log) book.log(message, level);
  else if (book.early.length < maxEarlyLines) book.early.push({ message, level });
}

function isGood({ status }: DbtResult): boolean {
  return (
    status === 'success' || status === 'pass' || status === 'warn' || status === 'fail' || status === 'no-op'
  );
}

/** Results of this invocation: an earlier one may have left its own. */
async function readResults(
  targetFolder: string,
  invocationId: string | undefined,
): Promise<readonly (readonly [string, DbtResult])[]> {
  const artifact = await readJson(join(targetFolder, 'run_results.json'));
  if (artifact.metadata?.invocation_id !== invocationId) return [];
  return (artifact.results ?? []).flatMap((entry): [string, DbtResult][] => {
    const read = readDbtResult(entry);
    return read ? [[read.id, read.result]] : [];
  });
}

interface ResultsFile {
  readonly metadata?: { readonly invocation_id?: unknown };
  readonly results?: readonly unknown[];
}

/** Empty when there is none, or one that was cut off. */
async function readJson(file: string): Promise<ResultsFile> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ResultsFile;
  } catch {
    return {};
  }
}

/** Why dbt has said nothing about a node. */
function endedEarly(exit: DbtExit, complaints: readonly string[], isKnown: boolean): MillraceError {
  const said = (complaints.length > 0 ? complaints : [exit.complaint])
    .filter((text) => text !== '')
    .join('\n');
  if (exit.signal !== null) {
    return new TransientError(`dbt was ended by ${exit.signal}`, {
      code: 'dbt_lost',
      state: 'What it had not finished is not built.',
    });
  }
  if (/could not set lock on file|database is locked/i.test(said)) {
    return new TransientError(`dbt cannot open the database: ${said}`, { code: 'dbt_database_locked' });
  }
  if (!isKnown) {
    return new FatalError(
      `what was run as dbt writes none of dbt's events (exit code ${exit.code})${said === '' ? '' : `: ${said}`}`,
      {
        code: 'dbt_unknown',
        next: 'Millrace reads the events of dbt 1.4 and later; look what "dbt --version" says.',
      },
    );
  }
  return new FatalError(
    said === '' ? `dbt ended (exit code ${exit.code}) and says nothing about it` : `dbt: ${said}`,
    { code: 'dbt_failed', state: 'It was not built.', next: 'Run "dbt parse" to see all that it finds.' },
  );
}
