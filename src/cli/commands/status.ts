import {
  type Evaluation,
  explainState,
  type NodeCondition,
  type NodeState,
  projectStatus,
  type ScheduleOutlook,
  type SensorState,
  sensorStates,
} from '../../engine/index.ts';
import type { WorkerRecord } from '../../core/dispatch.ts';
import type { FreshnessState } from '../../core/freshness.ts';
import type { RunStore } from '../../core/ports.ts';
import type { KeptTriggerTick } from '../../core/trigger.ts';
import type { Project } from '../../project/reading/project.ts';
import { openLedger } from '../../project/session/session.ts';
import { formatCount, formatTable, paint, printJson, printLine } from '../terminal/output.ts';
import { openProjectOrDbt, type Place } from './open-project.ts';

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

const freshnessWords = { fresh: 'fresh', warn: 'soon too old', stale: 'too old' } as const;

/** How every node is: who is at work, what failed, what is stale. Checks are shown when they failed. */
export async function status(options: StatusOptions): Promise<void> {
  await withStore(options, async (project, store) => {
    const found = await projectStatus(project.graph, store, Date.now(), project.automation.freshness);
    const sensors = await sensorStates(
      store,
      [...(project.parts.triggers?.sensors ?? []), ...(project.parts.triggers?.triggers ?? [])].map(
        ({ definition }) => definition.name,
      ),
    );
    if (options.json) return printJson({ ...found, sensors });
    printLine(found.owner ? `${found.owner.owner} is at work here.` : 'Nobody is at work here.');
    for (const worker of found.workers) printLine(workerLine(worker, project.manifest.hash));
    for (const run of found.openRuns)
      printLine(`Run ${run.id} is ${run.state}: ${run.selection || 'everything'}`);
    for (const sensor of sensors) printLine(sensorLine(sensor));
    const isCheck = ({ key }: NodeState): boolean => project.graph.byKey.get(key)?.kind === 'check';
    const shown = found.nodes.filter((node) => !isCheck(node) || node.condition === 'failed');
    printLine(
      formatTable(
        ['node', 'state', 'rows', 'last success', 'why'],
        shown.map((node) => row(node, found.freshness[node.key])),
      ),
    );
    const worst =
      shown.find(({ condition }) => condition === 'failed') ??
      shown.find(({ condition }) => condition === 'stale') ??
      shown.find(({ key }) => found.freshness[key]?.condition === 'stale');
    if (worst) printLine(`Next: millrace why ${worst.key}`);
    else if (sensors.some(({ condition }) => condition === 'failing'))
      printLine('Next: mend the sensor that is failing, see above');
    else printLine('Everything is as it should be.');
  });
}

/** Why one node is as it is, what upstream is behind, and when it runs next. */
export async function why(options: StatusOptions & { readonly key: string }): Promise<void> {
  await withStore(options, async (project, store) => {
    const definitions = {
      graph: project.graph,
      schedules: project.manifest.schedules,
      ...project.automation,
    };
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
    if (found.freshness) printLine(freshnessLine(found.freshness));
    for (const schedule of found.schedules) printLine(scheduleLine(schedule));
    if (found.condition) printLine(conditionLines(found.condition).join('\n'));
    else if (found.schedules.length === 0) printLine('No schedule runs it.');
  });
}

function row(
  { key, condition, completion, reasons }: NodeState,
  freshness?: FreshnessState,
): readonly string[] {
  const age = freshness && freshness.condition !== 'fresh' ? `, ${freshnessWords[freshness.condition]}` : '';
  return [
    key,
    `${paint(colors[condition], condition)}${age && paint('yellow', age)}`,
    formatCount(completion?.rows),
    completion ? new Date(completion.finishedAtMs).toISOString() : '',
    reasons[0]?.message.split('\n', 1)[0] ?? '',
  ];
}

function workerLine(worker: WorkerRecord, manifestHash: string): string {
  const { owner, pools, isAlive, isDraining, steps, concurrency } = worker;
  const state = isAlive ? (isDraining ? 'is draining' : 'works') : paint('red', 'is silent');
  const version =
    worker.manifestHash === manifestHash
      ? ''
      : paint('yellow', `, has read version ${worker.manifestHash.slice(0, 8)}`);
  const place = pools.length === 0 ? '' : ` for ${pools.join(', ')}`;
  const work = steps.map(({ step }) => step).join(', ') || 'nothing to do';
  return `Worker ${owner} ${state}${place}${version} (${steps.length} of ${concurrency}): ${work}`;
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

function freshnessLine({ condition, staleAtMs }: FreshnessState): string {
  const when = staleAtMs === undefined ? '' : new Date(staleAtMs).toISOString();
  if (condition === 'stale') return `It is ${paint('red', 'too old')}${when && ` since ${when}`}.`;
  return `It is ${freshnessWords[condition]}${when && `, until ${when}`}.`;
}

/** The newest look with all its parts, the ones before it in a line each. */
function conditionLines(ticks: readonly KeptTriggerTick[]): readonly string[] {
  const [newest] = ticks;
  if (!newest) return ['Its condition was not looked at yet: that is done while millrace dev runs.'];
  const line = ({ atMs, outcome, reason, runIds }: KeptTriggerTick): string => {
    const what = outcome === 'started' ? `started run ${runIds.join(', ')}` : outcome;
    return `  ${new Date(atMs).toISOString()} ${what}: ${reason ?? ''}`;
  };
  const tree = treeLines(newest.detail as Evaluation | undefined, '    ');
  return ['Its condition:', line(newest), ...tree, ...ticks.slice(1).map((tick) => line(tick))];
}

function treeLines(part: Evaluation | undefined, indent: string): readonly string[] {
  if (!part) return [];
  const who = part.because ? ` (${part.because.join(', ')})` : '';
  const mark = part.isTrue ? paint('green', 'true ') : paint('dim', 'false');
  const inner = (part.parts ?? []).flatMap((one) => treeLines(one, `${indent}  `));
  return [`${indent}${mark} ${part.condition}${who}`, ...inner];
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
  const project = await openProjectOrDbt(options);
  const store = await openLedger(project.folder);
  try {
    await work(project, store);
  } finally {
    await store.close();
  }
}
