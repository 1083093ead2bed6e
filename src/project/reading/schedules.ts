import { ConfigError } from '../../core/errors.ts';
import type { Graph } from '../../core/graph.ts';
import type { GraphNode } from '../../core/node.ts';
import type { ScheduleDefinition } from '../../core/schedule.ts';
import { selectNodes } from '../../core/selection.ts';
import { configFileName } from '../settings/config-file.ts';
import type { ProjectDefinition } from '../settings/definitions.ts';

const defaultTimeZone = 'UTC';

/** Those of `millrace.config.ts`. */
export function definedSchedules(definition: ProjectDefinition): readonly ScheduleDefinition[] {
  return (definition.schedules ?? []).map(
    ({ timeZone = defaultTimeZone, catchUp = 'none', ...schedule }) => ({
      ...schedule,
      timeZone,
      ...(catchUp === 'none' ? {} : { catchUp: catchUp === 'last' || catchUp }),
      origin: { file: configFileName },
    }),
  );
}

/**
 * Those that streams of replications and syncs carry in `schedule`: one for each file and cron, which runs
 * everything in the file that has it.
 */
export function fileSchedules(nodes: readonly GraphNode[]): readonly ScheduleDefinition[] {
  const byName = new Map<string, ScheduleDefinition>();
  for (const node of nodes) {
    const crons = node.spec['schedule'];
    if (!Array.isArray(crons)) continue;
    for (const cron of crons.filter((entry): entry is string => typeof entry === 'string')) {
      const name = `${node.origin.file} ${cron}`;
      const select = [byName.get(name)?.select, node.key].filter(Boolean).join(' ');
      byName.set(name, { name, cron, timeZone: defaultTimeZone, select, origin: node.origin });
    }
  }
  return [...byName.values()];
}

/** @throws ConfigError when the schedule selects what is not there */
export function checkScheduleSelection(graph: Graph, { name, select, origin }: ScheduleDefinition): void {
  try {
    selectNodes(graph, { select });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError(`schedule ${name}: ${error.message}`, {
      code: error.code,
      ...(origin ? { origin } : {}),
      ...(error.next === undefined ? {} : { next: error.next }),
    });
  }
}
