import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it arrived. */
export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers with a status, or with `undefined` never. */
export type Answer = (
  request: ReceivedRequest,
  count: number,
  response: ServerResponse,
) => number | undefined;

/** A real HTTP server that remembers what it was sent. */
export interface HttpReceiver {
  readonly url: string;
  /** All requests, also those that were not answered with 200. */
  readonly requests: readonly ReceivedRequest[];
  /** Those that were. */
  readonly taken: readonly ReceivedRequest[];
  answer: Answer;
  /** Resolves when so many requests have arrived. */
  arrived(count: number): Promise<void>;
  close(): Promise<void>;
}

export async function startReceiver(answer: Answer = () => 200): Promise<HttpReceiver> {
  const requests: ReceivedRequest[] = [];
  const taken: ReceivedRequest[] = [];
  const waiting = new Set<() => void>();
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const part of request) body += String(part);
    const received = { path: String(request.url), headers: request.headers, body };
    requests.push(received);
    for (const check of waiting) check();
    const status = receiver.answer(received, requests.length, response);
    if (status === undefined) return;
    if (status === 200) taken.push(received);
    response.writeHead(status).end();
  };
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const receiver: HttpReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    taken,
    answer,
    arrived: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (requests.length < count) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
}
