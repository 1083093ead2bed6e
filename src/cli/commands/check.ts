import { checkDeclarations } from '../../project/connections/connection-settings.ts';
import { connectionsFileName } from '../../project/connections/connections-file.ts';
import type { Project } from '../../project/reading/project.ts';
import { exitCodes } from '../terminal/exit-code.ts';
import { withPool } from './connections.ts';
import { formatReached, reachEach } from './connections-test.ts';
import { openProjectOrDbt, type Place } from './open-project.ts';
import { formatWarning, readingWarnings } from './reading-warnings.ts';
import { paint, printJson, printLine } from '../terminal/output.ts';

export interface CheckOptions extends Place {
  readonly connections: boolean;
  /** Warnings count as mistakes. */
  readonly strict: boolean;
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
  const warnings = readingWarnings(project);
  const isRefused = options.strict && warnings.length > 0;
  if (options.json) printJson({ project: project.definition.name, counts, warnings, connections: reached });
  else {
    printLine(`${paint('green', '✓')} ${project.definition.name}: ${describe(counts)}`);
    for (const warning of warnings) printLine(formatWarning(warning));
    if (reached.length > 0) printLine(formatReached(reached));
    const isBareDbt = project.folder === project.parts.transform?.folder;
    const work = isBareDbt ? 'build' : 'run';
    const next = failed.length > 0 ? 'mend the connections above' : `millrace ${work}`;
    printLine(`Next: ${isRefused ? 'mend what is warned of above, as --strict asks for' : next}`);
  }
  if (isRefused) return exitCodes.config;
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
