import { formatError, type Failure } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { RunRecord } from '../../core/ledger.ts';
import type { NodeKind } from '../../core/node.ts';
import { nodeOfKey } from '../../core/plan.ts';
import type { RunEvent, RunStateEvent, StepStateEvent } from '../../core/run-event.ts';
import { facetMaker, producerOf } from './facets.ts';
import type { LineageSource } from './lineage-source.ts';
import { runUuid } from './run-uuid.ts';
import { inputsOf, outputsOf } from './step-datasets.ts';

type EventType = 'START' | 'RUNNING' | 'COMPLETE' | 'FAIL' | 'ABORT';

const schemaUrl = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent';

const jobTypes: Readonly<Record<NodeKind, string>> = {
  asset: 'ASSET',
  task: 'TASK',
  check: 'CHECK',
  sync: 'SYNC',
  report: 'REPORT',
};

/** What OpenLineage is told of one event of the ledger: nothing, one event, or a start and its end at once. */
export function lineageEvents(event: RunEvent, run: RunRecord, source: LineageSource): readonly JsonObject[] {
  if (event.type === 'run_state') return runEvents(event, run, source);
  if (event.type === 'step_state') return stepEvents(event, run, source);
  if (event.type === 'lease_taken' && event.epoch > 1)
    return [aboutRun('RUNNING', event.atMs, run, source, undefined)];
  return [];
}

function runEvents(event: RunStateEvent, run: RunRecord, source: LineageSource): readonly JsonObject[] {
  const types = runEventTypes(event, run);
  return types.map((type) => aboutRun(type, event.atMs, run, source, event.failure));
}

function runEventTypes({ state }: RunStateEvent, run: RunRecord): readonly EventType[] {
  // A run that was cancelled in the queue has no start of its own; OpenLineage wants one before each end.
  const start: readonly EventType[] = run.startedAtMs === undefined ? ['START'] : [];
  switch (state) {
    case 'running':
      return ['START'];
    case 'succeeded':
      return [...start, 'COMPLETE'];
    case 'failed':
      return [...start, 'FAIL'];
    case 'cancelled':
      return [...start, 'ABORT'];
    default:
      return [];
  }
}

function stepEvents(event: StepStateEvent, run: RunRecord, source: LineageSource): readonly JsonObject[] {
  return stepEventTypes(event).map((type) => aboutStep(type, event, run, source));
}

function stepEventTypes({ state, attempt }: StepStateEvent): readonly EventType[] {
  switch (state) {
    case 'running':
      return [attempt > 1 ? 'RUNNING' : 'START'];
    case 'succeeded':
      return ['COMPLETE'];
    case 'failed':
      return ['FAIL'];
    case 'cancelled':
      return attempt === 0 ? ['START', 'ABORT'] : ['ABORT'];
    case 'skipped':
      return ['START', 'ABORT'];
    case 'pending':
      return [];
  }
}

function aboutRun(
  type: EventType,
  atMs: number,
  run: RunRecord,
  source: LineageSource,
  failure: Failure | undefined,
): JsonObject {
  const facet = facetMaker(source.version);
  return {
    ...envelope(type, atMs, source),
    run: { runId: runUuid(run.createdAtMs, run.id), facets: runFacets(run, source, failure) },
    job: {
      ...parentJob(run, source),
      facets: { jobType: facet('JobTypeJobFacet', jobType('RUN')) },
    },
    inputs: [],
    outputs: [],
  };
}

function aboutStep(
  type: EventType,
  event: StepStateEvent,
  run: RunRecord,
  source: LineageSource,
): JsonObject {
  const facet = facetMaker(source.version);
  const key = nodeOfKey(event.step);
  const node = source.node(key);
  const kind = run.plan.steps.find((step) => step.key === event.step)?.kind ?? 'asset';
  const sql = node && source.sql(node);
  const failure = type === 'FAIL' || type === 'ABORT' ? (event.failure ?? failureOf(event)) : undefined;
  return {
    ...envelope(type, event.atMs, source),
    run: {
      runId: runUuid(run.createdAtMs, run.id, event.step),
      facets: {
        ...runFacets(run, source, failure),
        parent: facet('ParentRunFacet', {
          run: { runId: runUuid(run.createdAtMs, run.id) },
          job: parentJob(run, source),
        }),
      },
    },
    job: {
      namespace: source.namespace,
      name: `${source.project}.${key}`,
      facets: {
        jobType: facet('JobTypeJobFacet', jobType(jobTypes[kind])),
        ...(node && node.description !== ''
          ? { documentation: facet('DocumentationJobFacet', { description: node.description }) }
          : {}),
        ...(sql ? { sql: facet('SQLJobFacet', { ...sql, query: source.redact(sql.query) }) } : {}),
      },
    },
    inputs: node ? inputsOf(source, node, event.outcome) : [],
    outputs: node ? outputsOf(source, node, event.outcome) : [],
  };
}

function envelope(eventType: EventType, atMs: number, source: LineageSource): JsonObject {
  return {
    eventType,
    eventTime: new Date(atMs).toISOString(),
    producer: producerOf(source.version),
    schemaURL: schemaUrl,
  };
}

/** Runs of a schedule are one job, those that people ask for another. */
function parentJob(run: RunRecord, source: LineageSource): JsonObject & { readonly name: string } {
  const { schedule } = run.trigger;
  return {
    namespace: source.namespace,
    name: schedule === undefined ? source.project : `${source.project}.schedule.${schedule}`,
  };
}

function runFacets(run: RunRecord, source: LineageSource, failure: Failure | undefined): JsonObject {
  const facet = facetMaker(source.version);
  const { nominalAtMs } = run.trigger;
  return {
    processing_engine: facet('ProcessingEngineRunFacet', { name: 'Millrace', version: source.version }),
    ...(nominalAtMs === undefined
      ? {}
      : {
          nominalTime: facet('NominalTimeRunFacet', {
            nominalStartTime: new Date(nominalAtMs).toISOString(),
          }),
        }),
    ...(failure
      ? {
          errorMessage: facet('ErrorMessageRunFacet', {
            message: source.redact(formatError(failure)),
            programmingLanguage: 'TypeScript',
          }),
        }
      : {}),
  };
}

function jobType(type: string): JsonObject {
  return { processingType: 'BATCH', integration: 'MILLRACE', jobType: type };
}

function failureOf({ outcome, reason }: StepStateEvent): Failure | undefined {
  const message = outcome?.check?.message ?? reason;
  return message === undefined ? undefined : { kind: 'data', code: 'step_ended', message };
}
