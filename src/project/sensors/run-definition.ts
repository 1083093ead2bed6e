/** Starts runs after runs of others, or after assets were made. A file under `assets/` exports it. */
export interface TriggerDefinition {
  /** Unique among sensors and triggers. */
  readonly name: string;
  /**
   * - `run_succeeded`, `run_failed`: a run that has something of `of` has ended so.
   * - `updated`: something of `of` was made.
   */
  readonly on: 'run_succeeded' | 'run_failed' | 'updated';
  /** What is looked at, in the selection language. Empty means everything. */
  readonly of: string;
  /** What is run then. */
  readonly select: string;
}

const triggerMark = Symbol.for('millrace.trigger');

export function defineTrigger(definition: TriggerDefinition): TriggerDefinition {
  return Object.assign({ [triggerMark]: true }, definition);
}

export function isTriggerDefinition(value: unknown): value is TriggerDefinition {
  return typeof value === 'object' && value !== null && triggerMark in value;
}
