import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { RunRecord } from '../../core/ledger.ts';
import type { NodeKey } from '../../core/node.ts';
import type { RunStore } from '../../core/ports.ts';
import type { RunEvent } from '../../core/run-event.ts';
import type { AskedRun, SensorProbe } from '../../core/sensor.ts';
import type { TriggerDefinition } from './run-definition.ts';

/** What triggers read of the ledger. */
export interface RunNews {
  readonly store: Pick<RunStore, 'events' | 'findRun' | 'lastSequence'>;
  /** Calls back when something was written. Returns how to stop that. */
  readonly listen: (heard: (event: RunEvent) => void) => () => void;
  /** The nodes that a trigger looks at. */
  readonly nodes: (of: string) => ReadonlySet<NodeKey>;
}

interface NewsCursor extends JsonObject {
  readonly sequence: number;
}

const eventsAtATime = 500;

/**
 * Hears of the ends of runs, or of steps, from a cursor in the ledger's events: each leads to one run, whatever happens
 * in between. What the trigger itself has started is no news to it.
 */
export function runProbe(definition: TriggerDefinition, news: RunNews): SensorProbe {
  const { on, of } = definition;
  return {
    check: async ({ cursor }) => {
      const before = cursor as NewsCursor | undefined;
      if (!before)
        return { runs: [], cursor: { sequence: await news.store.lastSequence() }, skip: 'Begins to listen' };
      const events = await news.store.events({
        types: [on === 'updated' ? 'step_state' : 'run_state'],
        afterSequence: before.sequence,
        limit: eventsAtATime,
      });
      const nodes = news.nodes(of);
      const runs =
        on === 'updated'
          ? await updates(definition, news, events, nodes)
          : await ends(definition, news, events, nodes);
      const last = events.at(-1)?.sequence ?? before.sequence;
      return { runs, cursor: { sequence: last }, skip: 'Nothing has happened that it waits for' };
    },
    watch: (wake) =>
      news.listen((event) => {
        const isKind = event.type === (on === 'updated' ? 'step_state' : 'run_state');
        if (isKind && 'state' in event && (event.state === 'succeeded' || event.state === 'failed')) wake();
      }),
  };
}

async function ends(
  { name, on }: TriggerDefinition,
  { store }: RunNews,
  events: readonly RunEvent[],
  nodes: ReadonlySet<NodeKey>,
): Promise<readonly AskedRun[]> {
  const wanted = on === 'run_failed' ? 'failed' : 'succeeded';
  const asked: AskedRun[] = [];
  for (const event of events) {
    if (event.type !== 'run_state' || event.state !== wanted) continue;
    const run = await store.findRun(event.runId);
    if (!run || isOwn(run, name) || !run.steps.some(({ key }) => nodes.has(key))) continue;
    const failed = run.steps.flatMap(({ key, state }) => (state === 'failed' ? [key] : []));
    const input: JsonValue = { run: run.id, state: wanted, selection: run.selection, failed };
    asked.push({ key: run.id, input });
  }
  return asked;
}

/** One run for all that was made since the last look. */
async function updates(
  { name }: TriggerDefinition,
  { store }: RunNews,
  events: readonly RunEvent[],
  nodes: ReadonlySet<NodeKey>,
): Promise<readonly AskedRun[]> {
  const updated = new Set<NodeKey>();
  const own = new Map<string, boolean>();
  for (const event of events) {
    if (event.type !== 'step_state' || event.state !== 'succeeded' || !nodes.has(event.step)) continue;
    if (!own.has(event.runId)) {
      const run = await store.findRun(event.runId);
      own.set(event.runId, run !== undefined && isOwn(run, name));
    }
    if (own.get(event.runId) === false) updated.add(event.step);
  }
  return updated.size === 0 ? [] : [{ input: { updated: [...updated] } }];
}

function isOwn({ trigger }: RunRecord, name: string): boolean {
  return trigger.kind === 'trigger' && trigger.name === name;
}
