import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type DeskRow = Readonly<Record<string, unknown>>;

/** A help desk on a free port, with what its API holds. */
export interface HelpDesk {
  readonly url: string;
  /** Rows by stream; may be changed at any time. */
  readonly rows: Map<string, DeskRow[]>;
  /** What was asked for, path and query. */
  readonly requests: string[];
  close(): Promise<void>;
}

const pageRows = 2;

export async function startHelpDesk(token: string): Promise<HelpDesk> {
  const rows = new Map<string, DeskRow[]>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (request.headers.authorization === `Bearer ${token}`) answer(request, response, rows);
    else response.writeHead(401).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, rows, requests, close: () => closed(server) };
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  rows: ReadonlyMap<string, readonly DeskRow[]>,
): void {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://desk');
  const since = searchParams.get('updated_since') ?? '';
  const start = Number(searchParams.get('cursor') ?? 0);
  const wanted = (rows.get(pathname.slice(1)) ?? []).filter(
    (row) => since === '' || Date.parse(String(row['updated_at'])) >= Date.parse(since),
  );
  const next = start + pageRows < wanted.length ? String(start + pageRows) : null;
  response.end(JSON.stringify({ data: wanted.slice(start, start + pageRows), next }));
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}
