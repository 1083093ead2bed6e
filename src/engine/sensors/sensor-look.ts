import { DataError, MillraceError, TransientError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { RunTrigger } from '../../core/ledger.ts';
import type { Plan } from '../../core/plan.ts';
import type { Clock, NewRun, RunStore } from '../../core/ports.ts';
import type { AskedRun, Sensor, SensorDefinition, SensorFindings } from '../../core/sensor.ts';
import type { TriggeredRun, TriggerTick } from '../../core/trigger.ts';

/** What sensors need of the engine. */
export interface SensorPlace {
  readonly store: Pick<RunStore, 'readNote' | 'commitTriggers'>;
  readonly clock: Clock;
  readonly redact: (text: string) => string;
  /** Throws a `MillraceError` for a selection that holds nothing to run. */
  readonly plan: (asked: AskedRun & { readonly select: string }) => Plan;
  readonly createRunId: (atMs: number) => string;
  /** Called when runs were written. */
  readonly onRuns: () => void;
}

/** What the ledger keeps of a sensor between two looks. */
export interface SensorNote extends JsonObject {
  /** Absent before the first look that set one. */
  readonly cursor?: JsonValue;
  /** Failed looks in a row. */
  readonly failures: number;
  /** When the next look is due after a failure. Milliseconds since 1970, UTC. */
  readonly dueAtMs: number;
}

/** Runs that one look may ask for. */
const mostRuns = 1000;
const longestDelaySeconds = 3600;

export function sensorNoteName(name: string): string {
  return `sensor ${name}`;
}

/** What one look came to. */
export interface LookResult {
  readonly note: SensorNote;
  /** The reason of a skip that is in the ledger now. */
  readonly skip?: string | undefined;
  /** Resolves when the code of the look has really ended: one that ignores its signal goes on after its time. */
  readonly settled: Promise<void>;
}

/**
 * Looks once and writes tick, runs and cursor in one transaction. What the sensor's code throws is written as a failed
 * tick. `said` is a skip that needs no writing if it comes again. Throws only errors of the ledger.
 */
export async function lookOnce(
  place: SensorPlace,
  { definition, probe }: Sensor,
  closing: AbortSignal,
  said: string | undefined,
): Promise<LookResult> {
  const name = sensorNoteName(definition.name);
  const found = await place.store.readNote(name);
  const note = (found?.value as SensorNote | undefined) ?? { failures: 0, dueAtMs: 0 };
  const version = found?.version ?? 0;
  const attempt = callProbe(place.clock, definition, closing, (signal) =>
    probe.check({ cursor: note.cursor, signal }),
  );
  const findings = await attempt.findings;
  const atMs = place.clock.nowMs();
  const { settled } = attempt;
  if (closing.aborted) return { note, settled };
  const planned = findings instanceof MillraceError ? findings : planRuns(place, definition, findings, atMs);
  const next = nextNote(definition, note, planned, atMs);
  const tick = tickOf(name, planned, atMs, place.redact);
  const isSame = JSON.stringify(next) === JSON.stringify(note);
  if (isSame && tick.outcome === 'skipped' && tick.reason === said)
    return { note: next, skip: said, settled };
  const result = await place.store.commitTriggers({
    notes: [{ name, expectedVersion: version, value: next }],
    runs: planned instanceof MillraceError ? [] : planned.runs,
    ticks: [tick],
  });
  if (result.isWritten && result.runIds.length > 0) place.onRuns();
  return { note: result.isWritten ? next : note, skip: tick.reason, settled };
}

interface Attempt {
  readonly findings: Promise<SensorFindings | MillraceError>;
  readonly settled: Promise<void>;
}

function callProbe(
  clock: Clock,
  { name, timeoutSeconds }: SensorDefinition,
  closing: AbortSignal,
  check: (signal: AbortSignal) => Promise<SensorFindings>,
): Attempt {
  const stop = new AbortController();
  const over = Promise.withResolvers<MillraceError>();
  const giveUp = (): void => {
    stop.abort();
    over.resolve(
      new TransientError(`The sensor ${name} took longer than ${timeoutSeconds} s and was given up`, {
        code: 'sensor_timed_out',
      }),
    );
  };
  const stopTimer = clock.after(timeoutSeconds * 1000, giveUp);
  closing.addEventListener('abort', giveUp, { once: true });
  const work = (async () => checked(await check(stop.signal)))().catch((error: unknown) => failureOf(error));
  const settled = work.then(() => undefined);
  const findings = Promise.race([work, over.promise]).finally(() => {
    stopTimer();
    closing.removeEventListener('abort', giveUp);
  });
  return { findings, settled };
}

/** User code may hand over anything. */
function checked(findings: SensorFindings): SensorFindings {
  const text = JSON.stringify(findings) as string | undefined;
  if (text === undefined || !Array.isArray(findings.runs))
    throw new DataError('A sensor has to return { runs: [...], cursor, skip }', { code: 'sensor_findings' });
  if (findings.runs.length > mostRuns)
    throw new DataError(`A look asked for ${findings.runs.length} runs; ${mostRuns} are allowed`, {
      code: 'sensor_findings',
      next: 'Let the cursor stand after the first of them, and return the others at the next look.',
    });
  return JSON.parse(text) as SensorFindings;
}

function failureOf(error: unknown): MillraceError {
  if (error instanceof MillraceError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new TransientError(message, { code: 'sensor_failed', cause: error });
}

interface PlannedFindings extends SensorFindings {
  readonly planned: true;
}

type Planned = Omit<PlannedFindings, 'runs'> & { readonly runs: readonly TriggeredRun[] };

function planRuns(
  place: SensorPlace,
  { name, select, kind = 'sensor' }: SensorDefinition,
  findings: SensorFindings,
  atMs: number,
): Planned | MillraceError {
  const trigger: RunTrigger = { kind, name };
  try {
    const runs = findings.runs.map((asked): TriggeredRun => {
      const run: NewRun = {
        id: place.createRunId(atMs),
        plan: place.plan({ ...asked, select: asked.select ?? select }),
        trigger,
        createdAtMs: atMs,
      };
      const key = asked.key === undefined ? undefined : { trigger: sensorNoteName(name), text: asked.key };
      return { run, key };
    });
    return { ...findings, planned: true, runs };
  } catch (error) {
    if (error instanceof MillraceError) return error;
    throw error;
  }
}

function nextNote(
  { everySeconds }: SensorDefinition,
  note: SensorNote,
  planned: Planned | MillraceError,
  atMs: number,
): SensorNote {
  if (!(planned instanceof MillraceError)) {
    const cursor = planned.cursor === undefined ? note.cursor : planned.cursor;
    return { ...(cursor === undefined ? {} : { cursor }), failures: 0, dueAtMs: 0 };
  }
  const failures = note.failures + 1;
  const delaySeconds = Math.min(everySeconds * 2 ** Math.min(failures, 20), longestDelaySeconds);
  return { ...note, failures, dueAtMs: atMs + Math.max(delaySeconds, everySeconds) * 1000 };
}

function tickOf(
  trigger: string,
  planned: Planned | MillraceError,
  atMs: number,
  redact: (text: string) => string,
): TriggerTick {
  const base = { trigger, atMs, runIds: [] };
  if (planned instanceof MillraceError)
    return { ...base, outcome: 'failed', reason: redact(planned.message) };
  if (planned.runs.length > 0)
    return { ...base, outcome: 'started', runIds: planned.runs.map(({ run }) => run.id) };
  return { ...base, outcome: 'skipped', reason: redact(planned.skip ?? 'Nothing new') };
}
