import type { Scope } from '../expression/expression.ts';

/** How a list of hooks, or one of them, ended. */
export interface HookEnd {
  /** The values afterwards. */
  readonly scope: Scope;
  /** `skip` and `break`: the rest was left out because of a failure that asks for it. */
  readonly ending: 'done' | 'skip' | 'break';
  /** True when the hook did what it says: its condition held, and it did not fail. */
  readonly didAct?: boolean;
  /** A failure to be raised at the end of the list. */
  readonly deferred?: unknown;
}
