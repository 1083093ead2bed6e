import { formatOrigin, type Origin } from '../../core/origin.ts';
import type { Project } from '../../project/reading/project.ts';
import { paint, printLine } from '../terminal/output.ts';

interface ProjectWarning {
  readonly message: string;
  readonly origin: Origin;
}

/** What was passed over in the files of a project. */
export function readingWarnings(project: Project): readonly ProjectWarning[] {
  return [...loadWarnings(project), ...(project.parts.transform?.manifest.warnings ?? [])];
}

/** The same of its loads, on standard error. */
export function tellLoadWarnings(project: Project): void {
  for (const warning of loadWarnings(project))
    printLine(formatWarning(warning, process.stderr), process.stderr);
}

function loadWarnings({ parts }: Project): readonly ProjectWarning[] {
  return [...parts.replications, ...(parts.pipelines ?? [])].flatMap(({ warnings }) => warnings);
}

export function formatWarning({ message, origin }: ProjectWarning, stream?: NodeJS.WriteStream): string {
  return `${paint('yellow', 'warning', stream)} ${formatOrigin(origin)}: ${message}`;
}
