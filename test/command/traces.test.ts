import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startReceiver, type HttpReceiver } from '../support/http-receiver.ts';
import { millrace, startMillrace } from '../support/millrace-command.ts';
import { newProject, type NewProject } from '../support/new-project.ts';

let project: NewProject;
let collector: HttpReceiver;

beforeEach(async () => {
  project = await newProject();
  collector = await startReceiver();
});
afterEach(async () => {
  await collector.close();
  await project.remove();
});

interface SpanJson {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code: number; readonly message?: string };
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, string> }[];
}

interface BodyJson {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: SpanJson['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly SpanJson[] }[];
  }[];
}

function bodies(): readonly BodyJson[] {
  return collector.taken.map(({ body }) => JSON.parse(body) as BodyJson);
}

function spans(): readonly SpanJson[] {
  return bodies().flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)),
  );
}

function attribute({ attributes }: Pick<SpanJson, 'attributes'>, key: string): string | undefined {
  return Object.values(attributes.find((found) => found.key === key)?.value ?? {})[0];
}

test('a run is one trace in its caller: run, step, chunk, reading, query', async () => {
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20let-me-in,x-tenant=shops',
    OTEL_SERVICE_NAME: 'nightly-shop',
    OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
    TRACEPARENT: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  const run = await millrace(['run'], { cwd: project.folder, env });
  expect(run.code, run.stdout + run.stderr).toBe(0);
  expect(run.stdout + run.stderr).not.toContain('let-me-in');
  expect(collector.taken.every(({ path }) => path === '/v1/traces')).toBe(true);
  expect(collector.taken[0]?.headers).toMatchObject({
    authorization: 'Bearer let-me-in',
    'x-tenant': 'shops',
    'content-type': 'application/json',
  });
  const resource = bodies()[0]?.resourceSpans[0]?.resource;
  expect(resource && attribute(resource, 'service.name')).toBe('nightly-shop');
  expect(resource && attribute(resource, 'deployment.environment.name')).toBe('test');

  const all = spans();
  expect(new Set(all.map(({ traceId }) => traceId))).toEqual(new Set(['0af7651916cd43dd8448eb211c80319c']));
  expect(new Set(all.map(({ spanId }) => spanId)).size).toBe(all.length);
  const whole = all.find(({ name }) => name === 'run everything');
  expect(whole?.parentSpanId).toBe('b7ad6b7169203331');
  const steps = all.filter((span) => attribute(span, 'millrace.step.kind') !== undefined);
  expect(steps.map(({ name }) => name).toSorted()).toEqual([
    'check/not_null_revenue_by_city_city',
    'check/unique_revenue_by_city_city',
    'raw/orders',
    'report/revenue',
    'revenue_by_city',
  ]);
  expect(steps.every(({ parentSpanId }) => parentSpanId === whole?.spanId)).toBe(true);

  const load = steps.find(({ name }) => name === 'raw/orders');
  const chunk = all.find(({ name }) => name === 'chunk into WAREHOUSE');
  expect(chunk?.parentSpanId).toBe(load?.spanId);
  expect(chunk && attribute(chunk, 'millrace.rows')).toBe('5');
  const reading = all.find(({ name }) => name.startsWith('read from '));
  expect(reading?.parentSpanId).toBe(load?.spanId);
  expect(reading && attribute(reading, 'millrace.form')).toBe(chunk && attribute(chunk, 'millrace.form'));
  const model = steps.find(({ name }) => name === 'revenue_by_city');
  const ids = new Set(all.map(({ spanId }) => spanId));
  const queries = all.filter((span) => attribute(span, 'db.query.text') !== undefined);
  expect(queries.some(({ name }) => name === 'CREATE WAREHOUSE')).toBe(true);
  expect(queries.every(({ kind, parentSpanId }) => kind === 3 && ids.has(parentSpanId ?? ''))).toBe(true);
  expect(model && BigInt(model.endTimeUnixNano) >= BigInt(model.startTimeUnixNano)).toBe(true);
});

test('spans of steps outlive the process: the next one sends them, with the same ids', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
  collector.answer = () => undefined;
  const { child, result } = startMillrace(['run'], { cwd: project.folder, env });
  await collector.arrived(1);
  child.kill('SIGKILL');
  await result;
  collector.answer = () => 200;
  expect((await millrace(['run'], { cwd: project.folder, env })).code).toBe(0);
  const names = spans().map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['raw/orders', 'revenue_by_city', 'run everything']));
});

test('what fails is an error in the trace too; a caller that does not record gets nothing', async () => {
  const env = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/custom` };
  const silent = { ...env, TRACEPARENT: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' };
  expect((await millrace(['run'], { cwd: project.folder, env: silent })).code).toBe(0);
  expect(collector.requests).toEqual([]);

  await appendFile(join(project.folder, 'transform/models/revenue_by_city.sql'), '\n, no_such_column\n');
  expect((await millrace(['run'], { cwd: project.folder, env })).code).not.toBe(0);
  expect(collector.taken[0]?.path).toBe('/custom');
  const failed = spans().find(({ name }) => name === 'revenue_by_city');
  expect(failed?.status).toMatchObject({ code: 2, message: expect.stringContaining('no_such_column') });
  expect(spans().find(({ name }) => name === 'run everything')?.status.code).toBe(2);
});

test('gRPC is refused with the way round it', async () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
  const run = await millrace(['run'], { cwd: project.folder, env });
  expect(run.code).not.toBe(0);
  expect(run.stderr).toContain('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=http/json');
});
