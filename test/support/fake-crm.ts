import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One batch as the CRM received it. */
export interface CrmRequest {
  readonly path: string;
  readonly records: readonly Record<string, unknown>[];
  readonly idempotencyKey: string;
}

/** Answers a request itself, or leaves it to the CRM by returning false. */
export type Behaviour = (request: CrmRequest, response: ServerResponse, count: number) => boolean;

/** A destination that keeps customers by `external_id`, and misbehaves as told. */
export class FakeCrm {
  readonly customers: Map<string, Record<string, unknown>> = new Map();
  readonly requests: CrmRequest[] = [];
  behaviour: Behaviour = () => false;
  url = '';
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const part of request) body += String(part);
    const { records } = JSON.parse(body) as { records: Record<string, unknown>[] };
    const told: CrmRequest = {
      path: String(request.url),
      records,
      idempotencyKey: String(request.headers['idempotency-key']),
    };
    this.requests.push(told);
    if (this.behaviour(told, response, this.requests.length)) return;
    this.apply(told);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }

  apply({ path, records }: CrmRequest): void {
    for (const record of records) {
      if (path === '/delete') this.customers.delete(String(record['external_id']));
      else this.customers.set(String(record['external_id']), record);
    }
  }

  names(): string[] {
    return [...this.customers.values()].map((record) => String(record['name'])).sort();
  }

  sent(): number {
    return this.requests.reduce((sum, request) => sum + request.records.length, 0);
  }
}
