import {
  explainState,
  type NodeCondition,
  type NodeState,
  projectStatus,
  type ScheduleOutlook,
  type SensorState,
  sensorStates,
} from '../../engine/index.ts';
import type { RunStore } from '../../core/ports.ts';
import type { Project } from '../../project/project.ts';
import { openLedger } from '../../project/session.ts';
import { formatCount, formatTable, paint, printJson, printLine } from '../terminal/output.ts';
import { openProject, type Place } from './open-project.ts';

interface StatusOptions extends Place {
  readonly json: boolean;
}

const colors: Readonly<Record<NodeCondition, Parameters<typeof paint>[0]>> = {
  running: 'blue',
  waiting: 'blue',
  failed: 'red',
  missing: 'yellow',
  stale: 'yellow',
  current: 'green',
  external: 'dim',
};

/** How every node is: who is at work, what failed, what is stale. Checks are shown when they failed. */
export async function status(options: StatusOptions): Promise<void> {
  await withStore(options, async (project, store) => {
    const found = await projectStatus(project.graph, store, Date.now());
    const sensors = await sensorStates(
      store,
      (project.parts.triggers?.sensors ?? []).map(({ definition }) => definition.name),
    );
    if (options.json) return printJson({ ...found, sensors });
    printLine(found.owner ? `${found.owner.owner} is at work here.` : 'Nobody is at work here.');
    for (const run of found.openRuns)
      printLine(`Run ${run.id} is ${run.state}: ${run.selection || 'everything'}`);
    for (const sensor of sensors) printLine(sensorLine(sensor));
    const isCheck = ({ key }: NodeState): boolean => project.graph.byKey.get(key)?.kind === 'check';
    const shown = found.nodes.filter((node) => !isCheck(node) || node.condition === 'failed');
    printLine(
      formatTable(
        ['node', 'state', 'rows', 'last success', 'why'],
        shown.map((node) => row(node)),
      ),
    );
    const worst =
      shown.find(({ condition }) => condition === 'failed') ??
      shown.find(({ condition }) => condition === 'stale');
    printLine(worst ? `Next: millrace why ${worst.key}` : 'Everything is as it should be.');
  });
}

/** Why one node is as it is, what upstream is behind, and when it runs next. */
export async function why(options: StatusOptions & { readonly key: string }): Promise<void> {
  await withStore(options, async (project, store) => {
    const definitions = { graph: project.graph, schedules: project.manifest.schedules };
    const found = await explainState(definitions, store, options.key, Date.now());
    if (options.json) return printJson(found);
    printLine(`${found.node.key} is ${paint(colors[found.node.condition], found.node.condition)}.`);
    for (const { message } of found.node.reasons) printLine(`  ${message}`);
    if (found.behind.length > 0) {
      printLine('Upstream, farthest first:');
      printLine(
        formatTable(
          ['node', 'state', 'rows', 'last success', 'why'],
          found.behind.map((node) => row(node)),
        ),
      );
    }
    for (const schedule of found.schedules) printLine(scheduleLine(schedule));
    if (found.schedules.length === 0) printLine('No schedule runs it.');
  });
}

function row({ key, condition, completion, reasons }: NodeState): readonly string[] {
  return [
    key,
    paint(colors[condition], condition),
    formatCount(completion?.rows),
    completion ? new Date(completion.finishedAtMs).toISOString() : '',
    reasons[0]?.message.split('\n', 1)[0] ?? '',
  ];
}

function sensorLine({ name, condition, failures, dueAtMs, lastTick }: SensorState): string {
  const reason = lastTick?.reason?.split('\n', 1)[0] ?? '';
  if (condition === 'failing') {
    const next = dueAtMs === undefined ? '' : `, again at ${new Date(dueAtMs).toISOString()}`;
    return `sensor ${name} is ${paint('red', 'failing')} (${failures} in a row${next}): ${reason}`;
  }
  if (!lastTick) return `sensor ${name} was not looked at yet`;
  const what = lastTick.outcome === 'started' ? `started run ${lastTick.runIds.join(', ')}` : reason;
  return `sensor ${name}: ${what} at ${new Date(lastTick.atMs).toISOString()}`;
}

function scheduleLine({ name, cron, timeZone, nextAtMs, lastTick }: ScheduleOutlook): string {
  const next = nextAtMs === undefined ? '' : `, next at ${new Date(nextAtMs).toISOString()}`;
  const last = lastTick
    ? `; last ${lastTick.runId ? `started run ${lastTick.runId}` : `did not run: ${lastTick.reason}`}`
    : '';
  return `Schedule ${name} (${cron}, ${timeZone}) runs it${next}${last}`;
}

async function withStore(
  options: StatusOptions,
  work: (project: Project, store: RunStore) => Promise<void>,
): Promise<void> {
  const project = await openProject(options);
  const store = await openLedger(project.folder);
  try {
    await work(project, store);
  } finally {
    await store.close();
  }
}
