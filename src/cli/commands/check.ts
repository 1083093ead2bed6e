import { checkDeclarations } from '../../project/connections/connection-settings.ts';
import { connectionsFileName } from '../../project/connections/connections-file.ts';
import type { Project } from '../../project/reading/project.ts';
import { formatOrigin } from '../../core/origin.ts';
import { exitCodes } from '../terminal/exit-code.ts';
import { withPool } from './connections.ts';
import { formatReached, reachEach } from './connections-test.ts';
import { openProjectOrDbt, type Place } from './open-project.ts';
import { paint, printJson, printLine } from '../terminal/output.ts';

export interface CheckOptions extends Place {
  readonly connections: boolean;
  readonly json: boolean;
}

/** Reads the project and says what it holds; mistakes are thrown. With `connections`, reaches each. */
export async function check(options: CheckOptions): Promise<number> {
  const project = await openProjectOrDbt(options);
  await checkDeclarations(
    [...project.connections.values()].filter(({ origin }) => origin.file === connectionsFileName),
  );
  const counts = countKinds(project);
  const own = [...project.connections.values()].filter(({ shared }) => !shared);
  const reached = options.connections ? await withPool(project, (pool) => reachEach(pool, own)) : [];
  const failed = reached.filter(({ failure }) => failure);
  const warnings = project.parts.transform?.manifest.warnings ?? [];
  if (options.json) printJson({ project: project.definition.name, counts, warnings, connections: reached });
  else {
    printLine(`${paint('green', '✓')} ${project.definition.name}: ${describe(counts)}`);
    for (const { message, origin } of warnings) {
      printLine(`${paint('yellow', 'warning')} ${formatOrigin(origin)}: ${message}`);
    }
    if (reached.length > 0) printLine(formatReached(reached));
    const isBareDbt = project.folder === project.parts.transform?.folder;
    const work = isBareDbt ? 'build' : 'run';
    printLine(failed.length > 0 ? 'Next: mend the connections above' : `Next: millrace ${work}`);
  }
  return failed.length > 0 ? exitCodes.transient : exitCodes.success;
}

function countKinds(project: Project): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { kind, type } of project.graph.nodes) {
    const word = kind === 'asset' ? type : kind;
    counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
}

function describe(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([word, count]) => `${count} ${word}${count === 1 ? '' : 's'}`);
  return parts.length > 0 ? parts.join(', ') : 'nothing is defined yet';
}
