import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll } from 'vitest';
import { httpConnector } from '../../src/connectors/http/index.ts';
import { connectorSuite } from '../../src/testing/index.ts';
import { suiteFolder, vitestRunner, withRoles } from './suite-runner.ts';

const token = 'conformance-token-1234';
const secret = 'conformance-secret-4711';
const server = createServer(({ headers }, response) => {
  response.writeHead(headers.authorization === `Bearer ${token}` ? 200 : 401).end();
});
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => void server.close());

const settings = (given: string) => ({
  url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  token: given,
});

connectorSuite('http', {
  runner: vitestRunner,
  connector: withRoles(httpConnector),
  folder: suiteFolder(),
  config: () => settings(token),
  wrong: () => ({ config: settings(secret), secret }),
});
