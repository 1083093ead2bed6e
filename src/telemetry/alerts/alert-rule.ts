import type { NodeKey } from '../../core/node.ts';

export type AlertCause = 'run_failed' | 'step_failed' | 'late' | 'volume';

/** When somebody is told, and who. */
export interface AlertRule {
  /** Unique in the project: what the rule remembers is kept under it. */
  readonly name: string;
  readonly on: AlertCause;
  readonly channels: readonly string[];
  /** The nodes it is about; undefined for all. For `late` and `volume` assets only. */
  readonly nodes: (() => ReadonlySet<NodeKey>) | undefined;
  /** The schedule it is about: its runs for `run_failed`, its starts for `late`. */
  readonly schedule: string | undefined;
  /** For `late`; undefined: what is expected of each node says it. */
  readonly withinSeconds: number | undefined;
  /** For `volume`: how many robust standard deviations from the median are too far. */
  readonly deviations: number;
  /** For `volume`: how many earlier loads are looked at. */
  readonly history: number;
  /** True: not told again until it was well in between. */
  readonly isFirstOnly: boolean;
  /** True: told when it is well again. */
  readonly tellsRecovery: boolean;
  /** True: told in quiet hours too. */
  readonly isUrgent: boolean;
  /** Text with `{{name}}` for what is in `AlertFacts`. */
  readonly template: string | undefined;
}

/** What a rule found out about one thing. */
export interface Verdict {
  readonly rule: AlertRule;
  /** A node, `schedule nightly`, `run of raw/orders`. */
  readonly subject: string;
  readonly isWell: boolean;
  readonly atMs: number;
  readonly facts: AlertFacts;
}

/** What templates may name. */
export interface AlertFacts {
  readonly run?: string;
  readonly error?: string;
  readonly rows?: string;
  /** The range in which `rows` were expected. */
  readonly usual?: string;
  /** When it was last done, or was to be done. */
  readonly since?: string;
}

/** Names that templates know, beside those of every alert. */
export const templateNames: readonly string[] = [
  'project',
  'rule',
  'subject',
  'state',
  'at',
  'run',
  'error',
  'rows',
  'usual',
  'since',
];
