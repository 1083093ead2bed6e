import { type ErrorDetail, ConfigError, MillraceError, ProjectError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';

/** Collects what is wrong with a project, so that one reading names every place, once. */
export interface Mistakes {
  /** Whether what dbt reads over is a warning: keys that nobody knows, tests of what is not there. */
  readonly isTolerant: boolean;
  readonly issues: MillraceError[];
  /** What stops nothing, and is worth knowing. */
  readonly warnings: Warning[];
  add(message: string, detail: ErrorDetail): void;
  /** Keeps a `MillraceError`; throws anything else on. */
  caught(error: unknown): void;
}

/** Something that is without effect where the user may not expect it. */
export interface Warning {
  readonly message: string;
  readonly origin: Origin;
}

export function createMistakes(isTolerant: boolean = false): Mistakes {
  const issues: MillraceError[] = [];
  const keep = (issue: MillraceError): void => {
    const isKnown = issues.some(
      ({ message, origin }) => message === issue.message && isSamePlace(origin, issue.origin),
    );
    if (!isKnown) issues.push(issue);
  };
  return {
    isTolerant,
    issues,
    warnings: [],
    add: (message, detail) => {
      keep(new ConfigError(message, detail));
    },
    caught: (error) => {
      if (error instanceof ProjectError) error.issues.forEach(keep);
      else if (error instanceof MillraceError) keep(error);
      else throw error;
    },
  };
}

function isSamePlace(one: Origin | undefined, other: Origin | undefined): boolean {
  return one?.file === other?.file && one?.line === other?.line && one?.column === other?.column;
}
