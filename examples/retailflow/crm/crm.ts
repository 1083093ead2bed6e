import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CustomerBook, type CrmStats, type CustomerRecord } from './customer-book.ts';
import { customersPage } from './page.ts';

export interface CrmSettings {
  /** 0 takes a free one. */
  readonly port: number;
  /** SQLite file that outlives the process; absent: nothing is kept. */
  readonly file?: string;
  /** Every n-th batch is answered with 429 and `Retry-After: 1`, and is not taken. */
  readonly limitEvery?: number;
  /** Every n-th batch is answered with 500, and is not taken. */
  readonly failEvery?: number;
}

export interface Crm {
  readonly url: string;
  customers(): readonly CustomerRecord[];
  stats(): CrmStats;
  close(): Promise<void>;
}

/** Most records that one request may hold, as real CRMs have it. */
const batchLimit = 1000;
const bodyLimitBytes = 10 * 1024 * 1024;
const customersOnPage = 200;

/** Starts a CRM on loopback. Throws when the port is taken. */
export async function startCrm(settings: CrmSettings): Promise<Crm> {
  const book = new CustomerBook(settings.file ?? ':memory:');
  const server = createServer((request, response) => {
    answer(book, settings, request).then(
      (reply) => send(response, reply),
      (error: unknown) => send(response, failureOf(error)),
    );
  });
  try {
    await listen(server, settings.port);
  } catch (error) {
    book.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    customers: () => book.customers(),
    stats: () => book.stats(),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      book.close();
    },
  };
}

interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object is sent as JSON, text as HTML. */
  readonly body: object | string;
}

class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

async function answer(book: CustomerBook, settings: CrmSettings, request: IncomingMessage): Promise<Reply> {
  const path = new URL(request.url ?? '/', 'http://crm').pathname;
  switch (`${request.method} ${path}`) {
    case 'GET /':
      return { status: 200, body: customersPage(book.stats(), book.customers(customersOnPage)) };
    case 'GET /stats':
      return { status: 200, body: book.stats() };
    case 'GET /customers':
      return { status: 200, body: { customers: book.customers() } };
    case 'POST /customers/batch':
      return takeBatch(book, settings, path, await readBody(request), (records) =>
        book.upsert(records.map(customerRecord)),
      );
    case 'POST /customers/batch_delete':
      return takeBatch(book, settings, path, await readBody(request), (records) =>
        book.remove(records.map((record) => customerRecord(record).external_id)),
      );
    default:
      throw new Refusal(404, `There is no ${request.method} ${path}`);
  }
}

function takeBatch(
  book: CustomerBook,
  settings: CrmSettings,
  path: string,
  body: string,
  apply: (records: readonly unknown[]) => void,
): Reply {
  book.count('requests');
  const injected = injectedFault(book, settings);
  if (injected) return injected;
  const records = recordsOf(body);
  book.transaction(() => {
    book.noteBatch(createHash('sha256').update(path).update(body).digest('hex'));
    apply(records);
  });
  return { status: 200, body: { accepted: records.length } };
}

function injectedFault(book: CustomerBook, settings: CrmSettings): Reply | undefined {
  const { requests } = book.stats();
  const due = (every: number | undefined): boolean =>
    every !== undefined && every > 0 && requests % every === 0;
  if (due(settings.limitEvery)) {
    book.count('refused');
    return { status: 429, headers: { 'retry-after': '1' }, body: { error: 'Too many requests' } };
  }
  if (due(settings.failEvery)) {
    book.count('refused');
    return { status: 500, body: { error: 'Something broke; the batch was not taken' } };
  }
  return undefined;
}

function recordsOf(body: string): readonly unknown[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new Refusal(400, 'The body is not JSON');
  }
  const records = isObject(parsed) ? parsed['records'] : undefined;
  if (!Array.isArray(records)) throw new Refusal(400, 'The body must be {"records": [...]}');
  if (records.length > batchLimit) {
    throw new Refusal(413, `A batch holds at most ${batchLimit} records; this one has ${records.length}`);
  }
  return records;
}

function customerRecord(record: unknown): CustomerRecord {
  const id = isObject(record) ? record['external_id'] : undefined;
  if (isObject(record) && (typeof id === 'number' || (typeof id === 'string' && id !== ''))) {
    return { ...record, external_id: String(id) };
  }
  throw new Refusal(422, 'Every record needs an external_id');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > bodyLimitBytes) throw new Refusal(413, `A body holds at most ${bodyLimitBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function failureOf(error: unknown): Reply {
  if (error instanceof Refusal) return { status: error.status, body: { error: error.message } };
  return { status: 500, body: { error: error instanceof Error ? error.message : String(error) } };
}

function send(response: ServerResponse, reply: Reply): void {
  const html = typeof reply.body === 'string';
  response.writeHead(reply.status, {
    'content-type': html ? 'text/html; charset=utf-8' : 'application/json',
    ...reply.headers,
  });
  response.end(html ? reply.body : JSON.stringify(reply.body));
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}
