import { collectDefaultMetrics, Counter, Gauge, type Histogram, Registry } from 'prom-client';
import type { Readings } from './readings.ts';
import { durationBounds, type Totals } from './totals.ts';

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

interface ExposeOptions {
  /** With memory, CPU and event loop of this process. */
  readonly withProcess: boolean;
  /** Of every series. */
  readonly labels: Readonly<Record<string, string>>;
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** Process figures (memory, CPU, event loop) are kept by the library from its first use on. */
const processRegistry = new Registry();
let isProcessWatched = false;

/** The metrics as Prometheus reads them. See `docs/telemetry.md` for the table of names. */
export async function expose(
  totals: Totals,
  readings: Readings,
  { withProcess, labels }: ExposeOptions,
): Promise<Exposition> {
  const registry = new Registry();
  registry.setDefaultLabels(labels);
  addCounters(registry, totals);
  addStepSeconds(registry, totals);
  addGauges(registry, readings);
  addMessages(registry, readings);
  if (!withProcess) return { contentType: registry.contentType, text: await registry.metrics() };
  if (!isProcessWatched) collectDefaultMetrics({ register: processRegistry });
  isProcessWatched = true;
  const both = Registry.merge([registry, processRegistry]);
  return {
    contentType: both.contentType,
    text: `${await registry.metrics()}\n${await processRegistry.metrics()}`,
  };
}

function addCounters(registry: Registry, totals: Totals): void {
  counter(
    registry,
    'millrace_runs_finished_total',
    'Finished runs by state',
    Object.entries(totals.runs).map(([state, value]) => [{ state }, value]),
  );
  counter(
    registry,
    'millrace_steps_finished_total',
    'Finished steps by kind and state',
    Object.entries(totals.steps).map(([name, value]) => {
      const [kind = '', state = ''] = name.split(' ');
      return [{ kind, state }, value];
    }),
  );
  counter(
    registry,
    'millrace_step_retries_total',
    'Attempts at steps after the first, by kind',
    Object.entries(totals.retries).map(([kind, value]) => [{ kind }, value]),
  );
  counter(
    registry,
    'millrace_stream_rows_total',
    'Rows that loads read, inserted, updated, deleted and rejected, by stream',
    Object.entries(totals.streams).flatMap(([stream, counts]) =>
      Object.entries(counts)
        .filter(([change]) => change !== 'bytes')
        .map(([change, value]): Sample => [{ stream, change }, value]),
    ),
  );
  counter(
    registry,
    'millrace_stream_bytes_total',
    'Bytes that loads moved, as they travelled, by stream',
    Object.entries(totals.streams).map(([stream, { bytes = 0 }]) => [{ stream }, bytes]),
  );
  counter(
    registry,
    'millrace_sync_rows_total',
    'Rows that syncs delivered, and rows that destinations refused',
    Object.entries(totals.syncs).flatMap(([sync, results]) =>
      Object.entries(results).map(([result, value]): Sample => [{ sync, result }, value]),
    ),
  );
  counter(registry, 'millrace_lease_takeovers_total', 'Runs that another process than the first continued', [
    [{}, totals.takeovers],
  ]);
}

function addGauges(registry: Registry, readings: Readings): void {
  const open = { queued: 0, running: 0, cancelling: 0, ...readings.openRuns };
  gauge(
    registry,
    'millrace_runs_open',
    'Runs that are not finished, by state; queued is the depth of the queue',
    by('state', open),
  );
  gauge(
    registry,
    'millrace_queue_oldest_seconds',
    'Age of the run that has been queued for longest, 0 when none is',
    [[{}, readings.oldestQueuedSeconds]],
  );
  gauge(
    registry,
    'millrace_pool_steps',
    'Steps at work, by pool; (engine) is all of them',
    by('pool', readings.poolUse),
  );
  gauge(
    registry,
    'millrace_pool_limit_steps',
    'Steps that may work at the same time, by pool',
    by('pool', readings.poolLimits),
  );
  gauge(
    registry,
    'millrace_watermark_lag_seconds',
    'Age of the newest row that a load has read, by its update key, by stream',
    by('stream', readings.watermarkLagSeconds),
  );
  gauge(
    registry,
    'millrace_last_success_timestamp_seconds',
    'When a node was last done with success, in seconds since 1970',
    by('node', readings.lastSuccessSeconds),
  );
  gauge(
    registry,
    'millrace_schedule_lag_seconds',
    'How much later than meant a schedule last looked at its time',
    by('schedule', readings.scheduleLagSeconds),
  );
}

function addMessages(registry: Registry, { messages }: Readings): void {
  const names = ['sent', 'refused', 'skipped'] as const;
  counter(
    registry,
    'millrace_telemetry_messages_total',
    'Messages to other systems: sent, refused by the receiver, or given up after waiting too long',
    Object.entries(messages).flatMap(([receiver, counts]) =>
      names.map((outcome): Sample => [{ receiver, outcome }, counts[outcome]]),
    ),
  );
}

function by(label: string, counts: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(counts).map(([name, value]) => [{ [label]: name }, value]);
}

function labelNames(samples: readonly Sample[]): string[] {
  return Object.keys(samples[0]?.[0] ?? {});
}

function counter(registry: Registry, name: string, help: string, samples: readonly Sample[]): void {
  if (samples.length === 0) return;
  const metric = new Counter({ name, help, labelNames: labelNames(samples), registers: [registry] });
  for (const [labels, value] of samples) metric.inc(labels, value);
}

function gauge(registry: Registry, name: string, help: string, samples: readonly Sample[]): void {
  if (samples.length === 0) return;
  const metric = new Gauge({ name, help, labelNames: labelNames(samples), registers: [registry] });
  for (const [labels, value] of samples) metric.set(labels, value);
}

/** The library's histogram only takes single observations; these were counted by the ledger's readers. */
function addStepSeconds(registry: Registry, { seconds }: Totals): void {
  const name = 'millrace_step_seconds';
  const values = Object.entries(seconds).flatMap(([kind, { buckets, sum, count }]) => [
    ...durationBounds.map((le, index) => ({
      metricName: `${name}_bucket`,
      labels: { kind, le: String(le) },
      value: buckets[index] ?? 0,
    })),
    { metricName: `${name}_bucket`, labels: { kind, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels: { kind }, value: sum },
    { metricName: `${name}_count`, labels: { kind }, value: count },
  ]);
  const metric = {
    name,
    get: async () => ({
      name,
      help: 'How long steps took, by kind',
      type: 'histogram',
      values,
      aggregator: 'sum',
    }),
  };
  registry.registerMetric(metric as unknown as Histogram);
}
