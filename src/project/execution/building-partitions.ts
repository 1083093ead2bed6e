import type { Executor, StepContext } from '../../core/executor.ts';
import type { JsonObject } from '../../core/json.ts';
import type { GraphNode } from '../../core/node.ts';
import { zoneOffsetMs } from '../../core/partition/zone-offset.ts';
import type { PartitionBatch, TimeWindow } from '../../core/partitions.ts';
import { partitionVariables } from '../reading/model-partitions.ts';

/** Tells the executor of models what a step about partitions is to build: a stretch of time, or variables that say it. */
export function buildingPartitions(models: Executor): Executor {
  return {
    ...models,
    execute: (node, context) => {
      const { partitions } = context;
      if (!partitions) return models.execute(node, context);
      const window = stretchOf(partitions);
      const names = partitionVariables(node);
      if (!names)
        return models.execute(
          node,
          within(context, { eventTimeStartMs: window.startMs, eventTimeEndMs: window.endMs }),
        );
      if (context.options.fullRefresh)
        context.log(`${node.key}: this partition is built again, and the others stay as they are`);
      const tell = (name: string | undefined, value: string): JsonObject =>
        name === undefined ? {} : { [name]: value };
      const localText = textsOf(node, window);
      const vars = {
        ...tell(names.start, localText(window.startMs)),
        ...tell(names.end, localText(window.endMs)),
        ...tell(names.key, partitions.text),
      };
      return models.execute(node, within(context, { vars }, false));
    },
  };
}

function within(
  context: StepContext,
  more: JsonObject,
  fullRefresh: boolean = context.options.fullRefresh,
): StepContext {
  const { options } = context;
  return { ...context, options: { ...options, fullRefresh, room: { ...options.room, ...more } } };
}

function stretchOf(batch: PartitionBatch): TimeWindow {
  const windows = [...batch.values()].flatMap(({ dimensions }) => dimensions['time'] ?? []);
  return {
    startMs: Math.min(...windows.map(({ startMs = NaN }) => startMs)),
    endMs: Math.max(...windows.map(({ endMs = NaN }) => endMs)),
  };
}

/** Times of a window as clocks of its zone show them: dates where it begins and ends at midnight, `2024-01-31 05:00:00` otherwise. */
function textsOf({ partitions }: GraphNode, { startMs, endMs }: TimeWindow): (atMs: number) => string {
  const time = partitions?.dimensions.find(({ kind }) => kind === 'time');
  const zone = time?.kind === 'time' ? time.zone : 'UTC';
  const local = (atMs: number): string => new Date(atMs + zoneOffsetMs(zone, atMs)).toISOString();
  const isOfDays = [startMs, endMs].every((atMs) => local(atMs).includes('T00:00:00.'));
  return (atMs) => (isOfDays ? local(atMs).slice(0, 10) : local(atMs).slice(0, 19).replace('T', ' '));
}
