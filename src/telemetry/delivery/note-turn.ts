import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { RunStore } from '../../core/ports.ts';

/** Who keeps the notes of a ledger, and knows which other processes are gone. */
export interface NoteKeeper {
  readonly store: Pick<RunStore, 'readNote' | 'writeNote' | 'events' | 'lastSequence'>;
  /** Name of this process's engine in the ledger. */
  readonly holder: string;
  /** True when the process with that name is known to have ended. */
  readonly isGone: (holder: string) => boolean;
  /** Milliseconds since 1970, UTC. */
  readonly now: () => number;
}

/** How long a process may be at its turn before another one takes it for dead. */
export const turnMilliseconds = 30_000;

/** Whose turn it is. Kept inside the note that it guards. */
export interface Turn {
  readonly holder: string;
  readonly untilMs: number;
}

export function takeTurn({ holder, now }: NoteKeeper): Turn & JsonObject {
  return { holder, untilMs: now() + turnMilliseconds };
}

/** True while another process that may be alive is at work on what the note is about. */
export function isElsewhere(turn: Turn | undefined, { holder, isGone, now }: NoteKeeper): boolean {
  return turn !== undefined && turn.holder !== holder && turn.untilMs > now() && !isGone(turn.holder);
}

/** Reads, changes and writes a note until nobody came in between. Undefined from `change` leaves it as it is. */
export async function changeNote<Value extends JsonValue>(
  { store }: NoteKeeper,
  name: string,
  change: (value: Value | undefined) => Value | undefined,
): Promise<Value | undefined> {
  for (;;) {
    const note = await store.readNote(name);
    const value = change(note?.value as Value | undefined);
    if (value === undefined) return undefined;
    if (await store.writeNote({ name, expectedVersion: note?.version ?? 0, value })) return value;
  }
}
