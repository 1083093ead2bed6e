/** Bounds of a chunk's size. */
export interface PaceLimits {
  readonly firstRows: number;
  readonly leastRows: number;
  readonly mostRows: number;
  /** Time that one chunk should take. */
  readonly budgetSeconds: number;
}

/** Successes in a row after which a chunk that was halved by a conflict may grow again. */
const successesBeforeGrowth = 3;

/**
 * The size of the next chunk. It follows the time that the last one took, at most doubling or halving; a
 * conflict halves it at once and keeps it from growing until several chunks in a row went well.
 */
export class ChunkPace {
  readonly #limits: PaceLimits;
  #rows: number;
  #successesToGo = 0;

  constructor(limits: PaceLimits) {
    this.#limits = limits;
    this.#rows = limits.firstRows;
  }

  get rows(): number {
    return this.#rows;
  }

  get isLeast(): boolean {
    return this.#rows <= this.#limits.leastRows;
  }

  succeeded(seconds: number): void {
    this.#successesToGo = Math.max(0, this.#successesToGo - 1);
    const factor = Math.min(2, Math.max(0.5, this.#limits.budgetSeconds / Math.max(seconds, 0.001)));
    if (factor > 1 && this.#successesToGo > 0) return;
    this.#resize(factor);
  }

  conflicted(): void {
    this.#successesToGo = successesBeforeGrowth;
    this.#resize(0.5);
  }

  #resize(factor: number): void {
    const { leastRows, mostRows } = this.#limits;
    this.#rows = Math.min(mostRows, Math.max(leastRows, Math.floor(this.#rows * factor)));
  }
}
