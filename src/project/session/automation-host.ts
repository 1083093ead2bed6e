import type { Backfill } from '../../core/backfill.ts';
import type { Completion } from '../../core/executor.ts';
import type { FreshnessState } from '../../core/freshness.ts';
import type { ScheduleTick } from '../../core/ledger.ts';
import type { NodeKey } from '../../core/node.ts';
import type { KeptTriggerTick } from '../../core/trigger.ts';
import {
  cancelBackfill,
  createTimetable,
  type Evaluation,
  explainState,
  dueWindows,
  freshnessStates,
  holdBackfill,
  partitionStatus,
  readPartitionWorld,
  requestedPartitions,
  type ScheduleOutlook,
  sensorStates,
} from '../../engine/index.ts';
import type {
  AutomationHost,
  AutomationPayload,
  BackfillStatus,
  ConditionStatus,
  ScheduleStatus,
  TickSummary,
  TriggerStatus,
  WhyPayload,
} from '../../server/index.ts';
import type { Session } from './session.ts';

const backfillsShown = 20;

/** What starts runs of an open project by itself, as the server shows it. */
export function createAutomationHost(session: Session, isActive: boolean): AutomationHost {
  const { store } = session;
  return {
    read: async (): Promise<AutomationPayload> => ({
      active: isActive,
      schedules: await scheduleStatuses(session, isActive),
      triggers: await triggerStatuses(session),
      conditions: await conditionStatuses(session),
      freshness: await freshnessOfNodes(session),
      backfills: await backfillStatuses(session, await store.listBackfills({ limit: backfillsShown })),
    }),
    why: (key) => why(session, key),
    partitions: async (key) => {
      const { graph } = session.project;
      return partitionStatus(graph, store, key, await readPartitionWorld(store, graph, Date.now()));
    },
    changeBackfill: async (id, action) => {
      const nowMs = Date.now();
      const changed =
        action === 'cancel'
          ? await cancelBackfill(store, id, nowMs)
          : await holdBackfill(store, id, action === 'pause', nowMs);
      return changed && (await backfillStatuses(session, [changed]))[0];
    },
  };
}

function scheduleStatuses({ project, store }: Session, isActive: boolean): Promise<ScheduleStatus[]> {
  return Promise.all(
    project.manifest.schedules.map(async (schedule) => {
      const nextAtMs = isActive ? createTimetable(schedule).next(Date.now()) : undefined;
      const [lastTick] = await store.ticks(schedule.name, 1);
      return scheduleStatus(
        {
          ...schedule,
          ...(nextAtMs === undefined ? {} : { nextAtMs }),
          ...(lastTick ? { lastTick } : {}),
        },
        schedule.select,
      );
    }),
  );
}

function scheduleStatus(outlook: ScheduleOutlook, selection: string): ScheduleStatus {
  const { name, cron, timeZone, nextAtMs, lastTick } = outlook;
  return {
    name,
    cron,
    timeZone,
    selection,
    ...(nextAtMs === undefined ? {} : { nextAtMs }),
    ...(lastTick ? { lastTick: scheduleTick(lastTick) } : {}),
  };
}

async function triggerStatuses({ project, store }: Session): Promise<TriggerStatus[]> {
  const { sensors = [], triggers = [], webhooks = [] } = project.parts.triggers ?? {};
  const watched = [
    ...sensors.map(({ definition: { name, select } }) => ({ name, select, kind: 'sensor' as const })),
    ...triggers.map(({ definition: { name, select } }) => ({ name, select, kind: 'trigger' as const })),
  ];
  const states = await sensorStates(
    store,
    watched.map(({ name }) => name),
  );
  const called = webhooks.map(async ({ definition: { name, select } }): Promise<TriggerStatus> => {
    const [lastTick] = await store.triggerTicks(`webhook ${name}`, 1);
    return {
      name,
      kind: 'webhook',
      selection: select,
      condition: lastTick ? 'working' : 'new',
      failures: 0,
      ...(lastTick ? { lastTick: tickSummary(lastTick) } : {}),
    };
  });
  return [
    ...watched.flatMap(({ kind, select }, index): TriggerStatus[] => {
      const state = states[index];
      if (!state) return [];
      const { lastTick, ...rest } = state;
      return [{ ...rest, kind, selection: select, ...(lastTick ? { lastTick: tickSummary(lastTick) } : {}) }];
    }),
    ...(await Promise.all(called)),
  ];
}

function conditionStatuses({ project, store }: Session): Promise<ConditionStatus[]> {
  return Promise.all(
    [...project.automation.conditions.keys()].map(async (key) => {
      const [lastTick] = await store.triggerTicks(`condition ${key}`, 1);
      return { key, ...(lastTick ? { lastTick: tickSummary(lastTick) } : {}) };
    }),
  );
}

async function freshnessOfNodes(session: Session): Promise<AutomationPayload['freshness']> {
  const { freshness } = session.project.automation;
  if (freshness.size === 0) return [];
  const completions = await session.store.latestCompletions([...freshness.keys()]);
  return [...(await freshnessNow(session, completions))].map(([key, state]) => ({ key, ...state }));
}

/** How fresh the nodes are that something is expected of, `completions` being the latest of each. */
export async function freshnessNow(
  { project: { graph, automation }, store }: Session,
  completions: readonly Completion[],
): Promise<ReadonlyMap<NodeKey, FreshnessState>> {
  const nowMs = Date.now();
  const madeAtMs = new Map(completions.map(({ key, finishedAtMs }) => [key, finishedAtMs]));
  const due = await dueWindows(graph, store, automation.freshness, nowMs);
  return freshnessStates(automation.freshness, madeAtMs, nowMs, due);
}

async function backfillStatuses(
  { project, store }: Session,
  backfills: readonly Backfill[],
): Promise<BackfillStatus[]> {
  if (backfills.length === 0) return [];
  const world = await readPartitionWorld(store, project.graph, Date.now());
  return backfills.map((backfill) => {
    const { id, state, selection, partitions, partitionCount, runCount, createdAtMs } = backfill;
    const { runId, finishedAtMs, reason } = backfill;
    return {
      id,
      state,
      selection,
      partitions,
      partitionCount,
      requestedCount: requestedPartitions(backfill, project.graph, world),
      runCount,
      createdAtMs,
      ...(runId === undefined ? {} : { runId }),
      ...(finishedAtMs === undefined ? {} : { finishedAtMs }),
      ...(reason === undefined ? {} : { reason }),
    };
  });
}

async function why({ project, store }: Session, name: string): Promise<WhyPayload> {
  const definitions = {
    graph: project.graph,
    schedules: project.manifest.schedules,
    ...project.automation,
  };
  const found = await explainState(definitions, store, name, Date.now());
  const evaluation = found.condition?.[0]?.detail as Evaluation | undefined;
  return {
    key: found.node.key,
    condition: found.node.condition,
    reasons: found.node.reasons.map(({ message }) => message),
    behind: found.behind.map(({ key, reasons }) => ({ key, reasons: reasons.map(({ message }) => message) })),
    schedules: found.schedules.map((outlook) =>
      scheduleStatus(
        outlook,
        project.manifest.schedules.find(({ name }) => name === outlook.name)?.select ?? '',
      ),
    ),
    ...(found.freshness ? { freshness: found.freshness } : {}),
    ...(found.condition ? { looks: found.condition.map(tickSummary) } : {}),
    ...(evaluation ? { evaluation } : {}),
  };
}

function scheduleTick({ atMs, runId, reason }: ScheduleTick): TickSummary {
  return {
    atMs,
    outcome: runId === undefined ? 'skipped' : 'started',
    runIds: runId === undefined ? [] : [runId],
    ...(reason === undefined ? {} : { reason }),
  };
}

function tickSummary({ atMs, outcome, reason, runIds }: KeptTriggerTick): TickSummary {
  return { atMs, outcome, runIds, ...(reason === undefined ? {} : { reason }) };
}
