import type { Origin } from '../../core/origin.ts';
import type { Hook } from '../replication/hook.ts';
import type { ReadingWarning } from '../replication/reading-warning.ts';

/** A pipeline file, checked. */
export interface Pipeline {
  /** Path relative to the project folder; also the pipeline's identity. */
  readonly file: string;
  readonly description: string;
  readonly env: Readonly<Record<string, string>>;
  readonly steps: readonly PipelineStep[];
  readonly tags: readonly string[];
  /** Names of nodes that come before it. */
  readonly after: readonly { readonly name: string; readonly origin: Origin }[];
  /** Cron expressions. */
  readonly schedule: readonly string[];
  /** What was passed over in the file. */
  readonly warnings: readonly ReadingWarning[];
}

/** A step and where it is written. */
export interface PipelineStep {
  readonly hook: Hook;
  readonly origin: Origin;
  /** Place in the list of the step that its `goto` names. */
  readonly next?: number;
}
