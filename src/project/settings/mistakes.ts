import { MillraceError, ProjectError } from '../../core/errors.ts';

/** Gathers the mistakes of a project, so that one reading shows them all. */
export class Mistakes {
  readonly #found: MillraceError[] = [];

  /** Runs `read`; a mistake in it is kept and gives undefined. Other errors pass through. */
  async collect<T>(read: () => T | Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof ProjectError) this.#found.push(...error.issues);
      else if (error instanceof MillraceError && error.kind === 'config') this.#found.push(error);
      else throw error;
      return undefined;
    }
  }

  get isEmpty(): boolean {
    return this.#found.length === 0;
  }

  /** @throws ProjectError when there was any */
  throwIfAny(): void {
    if (this.#found.length > 0) throw new ProjectError(this.#found);
  }
}
