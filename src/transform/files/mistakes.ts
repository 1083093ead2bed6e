import { type ErrorDetail, ConfigError, MillraceError, ProjectError } from '../../core/errors.ts';

/** Collects what is wrong with a project, so that one reading names every place. */
export interface Mistakes {
  readonly issues: MillraceError[];
  add(message: string, detail: ErrorDetail): void;
  /** Keeps a `MillraceError`; throws anything else on. */
  caught(error: unknown): void;
}

export function createMistakes(): Mistakes {
  const issues: MillraceError[] = [];
  return {
    issues,
    add: (message, detail) => {
      issues.push(new ConfigError(message, detail));
    },
    caught: (error) => {
      if (error instanceof ProjectError) issues.push(...error.issues);
      else if (error instanceof MillraceError) issues.push(error);
      else throw error;
    },
  };
}
