import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { startReceiver, type HttpReceiver } from '../support/http-receiver.ts';
import { millrace, startMillrace } from '../support/millrace-command.ts';
import { newProject, type NewProject } from '../support/new-project.ts';

const uuid = z.uuid();
const time = z.iso.datetime({ offset: true });
const facet = z.looseObject({ _producer: z.url(), _schemaURL: z.url() });
const facets = z.record(z.string(), facet);

const jobName = z.strictObject({ namespace: z.string().min(1), name: z.string().min(1) });
const dataset = z.strictObject({
  namespace: z.string().min(1),
  name: z.string().min(1),
  facets: facets.and(
    z.looseObject({
      dataSource: facet.extend({ name: z.string(), uri: z.url() }),
      schema: facet
        .extend({
          fields: z.array(
            z.strictObject({
              name: z.string(),
              type: z.string().optional(),
              description: z.string().optional(),
            }),
          ),
        })
        .optional(),
    }),
  ),
  inputFacets: facets.optional(),
  outputFacets: z
    .strictObject({
      outputStatistics: facet.extend({ rowCount: z.int().optional(), size: z.int().optional() }),
    })
    .optional(),
});

/** What a run event of OpenLineage 2-0-2 has to be, as far as Millrace uses it; anything more is a mistake. */
const lineageEventSchema = z.strictObject({
  eventType: z.enum(['START', 'RUNNING', 'COMPLETE', 'FAIL', 'ABORT']),
  eventTime: time,
  producer: z.url(),
  schemaURL: z.literal('https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent'),
  run: z.strictObject({
    runId: uuid,
    facets: facets.and(
      z.looseObject({
        parent: facet.extend({ run: z.strictObject({ runId: uuid }), job: jobName }).optional(),
        nominalTime: facet.extend({ nominalStartTime: time }).optional(),
        errorMessage: facet.extend({ message: z.string(), programmingLanguage: z.string() }).optional(),
      }),
    ),
  }),
  job: z.strictObject({
    ...jobName.shape,
    facets: facets.and(
      z.looseObject({
        jobType: facet.extend({
          processingType: z.literal('BATCH'),
          integration: z.string(),
          jobType: z.string(),
        }),
        sql: facet.extend({ query: z.string(), dialect: z.string().optional() }).optional(),
      }),
    ),
  }),
  inputs: z.array(dataset),
  outputs: z.array(dataset),
});

type LineageEventJson = z.infer<typeof lineageEventSchema>;

let project: NewProject;
let receiver: HttpReceiver;

beforeEach(async () => {
  project = await newProject();
  receiver = await startReceiver();
});
afterEach(async () => {
  await receiver.close();
  await project.remove();
});

async function configure(telemetry: string): Promise<void> {
  await project.edit('millrace.config.ts', 'defineProject({', `defineProject({ telemetry: { ${telemetry} },`);
}

function parsed(lines: readonly string[]): readonly LineageEventJson[] {
  return lines.map((line) => lineageEventSchema.parse(JSON.parse(line)));
}

function taken(): readonly LineageEventJson[] {
  return parsed(receiver.taken.map(({ body }) => body));
}

/** Event types by job, in the order of arrival. */
function byJob(events: readonly LineageEventJson[]): Record<string, string[]> {
  const jobs: Record<string, string[]> = {};
  for (const { job, eventType } of events) (jobs[job.name] ??= []).push(eventType);
  return jobs;
}

const whole = ['START', 'COMPLETE'];
const wholeRun = {
  shop: whole,
  'shop.raw/orders': whole,
  'shop.revenue_by_city': whole,
  'shop.check/not_null_revenue_by_city_city': whole,
  'shop.check/unique_revenue_by_city_city': whole,
  'shop.report/revenue': whole,
};

test('lineage of a run reaches a receiver, with the key and without it in any message', async () => {
  await configure(`openLineage: { url: '\${LINEAGE}/', apiKey: '\${LINEAGE_KEY}', namespace: 'tests' }`);
  const env = { LINEAGE: receiver.url, LINEAGE_KEY: 'a-very-secret-key' };
  const run = await millrace(['run'], { cwd: project.folder, env });
  expect(run.code, run.stdout + run.stderr).toBe(0);
  expect(run.stdout + run.stderr).not.toContain('a-very-secret-key');
  expect(receiver.taken.every(({ path }) => path === '/api/v1/lineage')).toBe(true);
  expect(receiver.taken[0]?.headers['authorization']).toBe('Bearer a-very-secret-key');

  const events = taken();
  expect(byJob(events)).toEqual(wholeRun);
  const parent = events.find(({ job }) => job.name === 'shop');
  const model = events.find(
    ({ job, eventType }) => job.name === 'shop.revenue_by_city' && eventType === 'COMPLETE',
  );
  expect(model?.run.facets.parent).toMatchObject({
    run: { runId: parent?.run.runId },
    job: { namespace: 'tests', name: 'shop' },
  });
  const warehouse = `duckdb://${join(project.folder, 'warehouse.duckdb')}`;
  expect(model?.inputs).toMatchObject([{ namespace: warehouse, name: 'warehouse.raw.orders' }]);
  expect(model?.outputs).toMatchObject([
    {
      namespace: warehouse,
      name: 'warehouse.main.revenue_by_city',
      facets: { schema: { fields: [{ name: 'city' }, { name: 'revenue' }, { name: 'orders' }] } },
      outputFacets: { outputStatistics: { rowCount: 3 } },
    },
  ]);
  expect(model?.job.facets.sql?.query).toContain('group by city');
  const load = events.find(({ job, eventType }) => job.name === 'shop.raw/orders' && eventType === 'START');
  expect(load?.inputs).toMatchObject([{ namespace: 'file', name: join(project.folder, 'data/orders.csv') }]);
  const check = events.find(
    ({ job, eventType }) => job.name.includes('not_null') && eventType === 'COMPLETE',
  );
  expect(check?.inputs[0]?.inputFacets?.['dataQualityAssertions']).toMatchObject({
    assertions: [{ success: true }],
  });
});

test('what a killed process has not sent, the next one sends, with the same run ids', async () => {
  receiver.answer = () => undefined;
  const env = { OPENLINEAGE_URL: receiver.url };
  const { child, result } = startMillrace(['run'], { cwd: project.folder, env });
  await receiver.arrived(1);
  child.kill('SIGKILL');
  await result;
  const [unanswered] = parsed(receiver.requests.map(({ body }) => body));

  receiver.answer = () => 200;
  const again = await millrace(['run'], { cwd: project.folder, env });
  expect(again.code, again.stdout + again.stderr).toBe(0);
  const events = taken();
  expect(new Set(events.map(({ job }) => job.name))).toEqual(new Set(Object.keys(wholeRun)));
  expect(events.map(({ run }) => run.runId)).toContain(unanswered?.run.runId);
  for (const [job, types] of Object.entries(byJob(events))) {
    expect([job, types[0], types.at(-1)]).toEqual([job, 'START', 'COMPLETE']);
  }
});

test('a receiver that is away holds up nothing, is told of, and hears all of it later', async () => {
  receiver.answer = () => 503;
  const env = { OPENLINEAGE_URL: receiver.url };
  const run = await millrace(['run'], { cwd: project.folder, env });
  expect(run.code, run.stdout + run.stderr).toBe(0);
  expect(run.stderr).toMatch(/openlineage: .* answered 503/);
  expect(receiver.taken).toEqual([]);

  receiver.answer = () => 200;
  await millrace(['run', '--select', 'raw/orders'], { cwd: project.folder, env });
  expect(byJob(taken())).toEqual({
    ...wholeRun,
    shop: [...whole, ...whole],
    'shop.raw/orders': [...whole, ...whole],
  });
});

test('what is on its way when the command ends arrives, and is not sent twice', async () => {
  receiver.answer = (_, __, response) => {
    setTimeout(() => response.writeHead(200).end(), 200);
    return undefined;
  };
  const run = await millrace(['run'], { cwd: project.folder, env: { OPENLINEAGE_URL: receiver.url } });
  expect(run.code).toBe(0);
  expect(byJob(parsed(receiver.requests.map(({ body }) => body)))).toEqual(wholeRun);
});

test('what a receiver refuses for good does not hold up the rest', async () => {
  receiver.answer = ({ body }) => (body.includes('revenue_by_city"') ? 422 : 200);
  const run = await millrace(['run'], { cwd: project.folder, env: { OPENLINEAGE_URL: receiver.url } });
  expect(run.code).toBe(0);
  expect(run.stderr).toMatch(/openlineage: \d+ events were refused for good: .* answered 422/);
  expect(Object.keys(byJob(taken()))).toContain('shop.raw/orders');
});

test('a failed step fails in the lineage too, and those behind it are aborted', async () => {
  await configure(`openLineage: { file: 'lineage.jsonl' }`);
  await appendFile(join(project.folder, 'transform/models/revenue_by_city.sql'), '\n, no_such_column\n');
  const run = await millrace(['run'], { cwd: project.folder });
  expect(run.code).not.toBe(0);
  const lines = (await readFile(join(project.folder, 'lineage.jsonl'), 'utf8')).trimEnd().split('\n');
  const events = parsed(lines);
  expect(byJob(events)).toEqual({
    ...wholeRun,
    shop: ['START', 'FAIL'],
    'shop.revenue_by_city': ['START', 'FAIL'],
    'shop.check/not_null_revenue_by_city_city': ['START', 'ABORT'],
    'shop.check/unique_revenue_by_city_city': ['START', 'ABORT'],
    'shop.report/revenue': ['START', 'ABORT'],
  });
  const failed = events.find(
    ({ job, eventType }) => job.name === 'shop.revenue_by_city' && eventType === 'FAIL',
  );
  expect(failed?.run.facets.errorMessage?.message).toMatch(/no_such_column|revenue_by_city/);
});

test('metrics are written to a file, and go on over processes', async () => {
  await configure(`metricsFile: 'millrace.prom'`);
  for (let runs = 1; runs <= 2; runs += 1) {
    const run = await millrace(['run'], { cwd: project.folder });
    expect(run.code, run.stdout + run.stderr).toBe(0);
    const text = await readFile(join(project.folder, 'millrace.prom'), 'utf8');
    expect(text).toContain(`millrace_runs_finished_total{state="succeeded"} ${runs}\n`);
    expect(text).toContain(`millrace_stream_rows_total{stream="raw/orders",change="read"} ${5 * runs}\n`);
    expect(text).toContain(`millrace_step_seconds_count{kind="check"} ${2 * runs}\n`);
  }
});

test('loads by themselves have metrics and alerts of their own', async () => {
  await configure(
    `metricsFile: 'millrace.prom' }, alerts: { channels: { hook: { webhook: '${receiver.url}' } }, rules: [
      { on: 'late', select: 'raw/orders', withinMinutes: 0.0001, to: ['hook'] },
      { on: 'step_failed', to: ['hook'] },
    ]`,
  );
  const load = (stream: string): ReturnType<typeof millrace> =>
    millrace(
      [
        'run',
        '--src-conn',
        'FILES',
        '--src-stream',
        stream,
        '--tgt-conn',
        'WAREHOUSE',
        '--tgt-object',
        'raw.other',
      ],
      { cwd: project.folder },
    );
  const loaded = await load('file://data/orders.csv');
  expect(loaded.code, loaded.stdout + loaded.stderr).toBe(0);
  const text = await readFile(join(project.folder, 'millrace-loads.prom'), 'utf8');
  expect(text).toContain('millrace_runs_finished_total{state="succeeded",ledger="loads"} 1\n');
  expect(text).toContain('millrace_step_seconds_count{kind="asset",ledger="loads"} 1\n');
  expect((await load('file://data/missing.csv')).code).not.toBe(0);
  expect(receiver.taken.map(({ body }) => (JSON.parse(body) as { on: string }).on)).toEqual(['step_failed']);
});

test('telemetry that goes nowhere is a mistake', async () => {
  await configure(`openLineage: { namespace: 'x' }`);
  const checked = await millrace(['check'], { cwd: project.folder });
  expect(checked.code).not.toBe(0);
  expect(checked.stdout + checked.stderr).toContain('either url or file');
});

test('the server tells its metrics, with those of the process', async () => {
  const { child, result } = startMillrace(['dev', '--port', '0', '--no-schedules', '--json'], {
    cwd: project.folder,
  });
  try {
    const line = await new Promise<string>((resolve) =>
      child.stdout?.once('data', (chunk) => resolve(String(chunk))),
    );
    const { url } = JSON.parse(line) as { url: string };
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('millrace_runs_open{state="queued"} 0\n');
    expect(text).toContain('millrace_pool_limit_steps{pool="(engine)"} 4\n');
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(text).not.toMatch(/\bNaN\b|undefined/);
  } finally {
    child.kill('SIGTERM');
    await result;
  }
});
