import type { RunStore } from '../../core/ports.ts';
import { createTimetable, dueWindows, freshnessStates, mayBeAlive } from '../../engine/index.ts';
import type { AlertChannel } from '../../telemetry/alerts/alert-channel.ts';
import type { Receiver } from '../../telemetry/delivery/courier.ts';
import type { Chore, Rounds } from '../../telemetry/delivery/rounds.ts';
import type { NoteKeeper } from '../../telemetry/delivery/note-turn.ts';
import { alertRules } from '../settings/alert-settings.ts';
import { readMetrics } from './metrics.ts';
import type { Project } from '../reading/project.ts';
import type { Tracing } from './tracing.ts';
import type { TelemetrySettings } from '../settings/telemetry-settings.ts';

export interface TelemetryPlace {
  readonly project: () => Project;
  readonly store: RunStore;
  /** This process's engine. */
  readonly owner: string;
  readonly redact: (text: string) => string;
  /** False for loads from the command line, which have a ledger of their own and know nothing of the rest. */
  readonly isWholeProject: boolean;
}

/** Begins to tell other systems what the ledger says. Does nothing, and loads nothing, for a project that tells nobody. */
export async function startTelemetry(
  settings: TelemetrySettings,
  place: TelemetryPlace,
  tracing: Tracing | undefined,
): Promise<Rounds> {
  const keeper: NoteKeeper = {
    store: place.store,
    holder: place.owner,
    isGone: (holder) => !mayBeAlive(holder),
    now: Date.now,
  };
  const report = telemetryReport(place.redact);
  const chores: Chore[] = [];
  if (settings.openLineage) chores.push(await lineageChore(settings.openLineage, place, keeper, report));
  if (tracing)
    chores.push(
      await courierChore(tracing.receiver, tracing.keepHours, keeper, report),
      tracing.tracer.chore,
    );
  if (settings.alertChannels) chores.push(await alertChore(settings.alertChannels, place, keeper, report));
  if (settings.metricsFile !== undefined) chores.push(metricsChore(settings.metricsFile, place));
  if (chores.length === 0) return { close: () => Promise.resolve() };
  const { startRounds } = await import('../../telemetry/delivery/rounds.ts');
  return startRounds(chores, { report });
}

async function lineageChore(
  { destination, namespace, keepHours }: NonNullable<TelemetrySettings['openLineage']>,
  place: TelemetryPlace,
  keeper: NoteKeeper,
  report: (message: string) => void,
): Promise<Chore> {
  const [{ createLineageReceiver }, { createLineageSource }] = await Promise.all([
    import('../../telemetry/open-lineage/lineage-receiver.ts'),
    import('./lineage-source.ts'),
  ]);
  const source = await createLineageSource(place.project, namespace, place.redact);
  const receiver = createLineageReceiver(destination, place.store, source);
  return courierChore(receiver, keepHours, keeper, report);
}

async function courierChore(
  receiver: Receiver,
  keepHours: number | undefined,
  keeper: NoteKeeper,
  report: (message: string) => void,
): Promise<Chore> {
  const { createCourier } = await import('../../telemetry/delivery/courier.ts');
  const courier = createCourier({ keeper, receiver, report, keepHours });
  await courier.prepare();
  return courier;
}

/** Says on standard error what becomes of messages to others. */
export function telemetryReport(redact: (text: string) => string): (message: string) => void {
  return (message) => void process.stderr.write(`${redact(message)}\n`);
}

const metricsSeconds = 15;

function metricsChore(file: string, place: TelemetryPlace): Chore {
  return {
    name: 'metrics',
    everySeconds: metricsSeconds,
    work: async () => {
      const [{ text }, { writeMetricsFile }] = await Promise.all([
        readMetrics(place, false),
        import('../../telemetry/metrics/metrics-file.ts'),
      ]);
      await writeMetricsFile(place.isWholeProject ? file : file.replace(/\.prom$/, '-loads.prom'), text);
      return false;
    },
  };
}

async function alertChore(
  channels: ReadonlyMap<string, AlertChannel>,
  place: TelemetryPlace,
  keeper: NoteKeeper,
  report: (message: string) => void,
): Promise<Chore> {
  const { createAlertChore } = await import('../../telemetry/alerts/alert-chore.ts');
  const { store, project, redact } = place;
  const { definition } = project();
  const chore = createAlertChore({
    project: definition.name,
    keeper,
    judgement: {
      store,
      rules: alertRules(
        definition.alerts ?? { channels: {}, rules: [] },
        () => project().graph,
        (name) => channels.has(name),
      ).filter(({ on }) => place.isWholeProject || on !== 'late'),
      assets: () =>
        project()
          .graph.nodes.filter(({ kind, executor }) => kind === 'asset' && executor !== undefined)
          .map(({ key }) => key),
      expected: () => [...project().automation.freshness.keys()],
      staleSinceMs: async (key, madeAtMs, nowMs) => {
        const { graph, automation } = project();
        const expected = automation.freshness.get(key);
        if (!expected) return undefined;
        const alone = new Map([[key, expected]]);
        const due = await dueWindows(graph, store, alone, nowMs);
        const state = freshnessStates(alone, new Map([[key, madeAtMs]]), nowMs, due).get(key);
        return state?.condition === 'stale' ? (state.staleAtMs ?? nowMs) : undefined;
      },
      lastDueMs: (name, atMs) => {
        const schedule = project().manifest.schedules.find((known) => known.name === name);
        return schedule && createTimetable(schedule).latest(atMs);
      },
    },
    channels,
    quietHours: definition.alerts?.quietHours,
    redact,
    report,
  });
  await chore.prepare();
  return chore;
}
