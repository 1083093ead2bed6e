import type { Executor } from '../core/executor.ts';
import type { NodeKey } from '../core/node.ts';
import type { Clock, RunStore } from '../core/ports.ts';
import type { StepProgressEvent } from '../core/run-event.ts';
import type { Crew } from './crew.ts';
import type { Definitions } from './engine.ts';
import type { Redact } from './redaction.ts';
import type { Slots } from './slots.ts';
import type { Writer } from './writer.ts';
import type { Wake } from './wake.ts';

/** What everything that executes runs in one engine shares. */
export interface Workplace {
  readonly store: RunStore;
  readonly clock: Clock;
  readonly executors: ReadonlyMap<string, Executor>;
  readonly definitions: () => Definitions;
  readonly slots: Slots;
  /** By name. */
  readonly pools: ReadonlyMap<string, Slots>;
  /** The workers that share the ledger, if they can. */
  readonly crew: Crew | undefined;
  /** Attempts of this process, by what they write. */
  readonly writers: Map<NodeKey, Writer>;
  /** A step that ended so often in a row with its process is not tried again. */
  readonly maxInterruptions: number;
  /** How long a step that was told to stop may take for it. */
  readonly stopGraceMilliseconds: number;
  readonly redact: Redact;
  /** Notified whenever this engine has written an event. */
  readonly written: Wake;
  /** Notified when another process has written. */
  readonly heard: Wake;
  /** Notified when a run was added, cancelled or ended here. */
  readonly queued: Wake;
  /** Notified when a step of this engine gave up its locks. */
  readonly unlocked: Wake;
  /** Notified when a sensor may have something to do. */
  readonly sensed: Wake;
  readonly pollMilliseconds: number;
  readonly publishProgress: (event: StepProgressEvent) => void;
}
