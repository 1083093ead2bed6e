import { MillraceError, TransientError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import type { RunEvent } from '../../core/run-event.ts';
import {
  changeNote,
  isElsewhere,
  type NoteKeeper,
  takeTurn,
  type Turn,
  turnMilliseconds,
} from './note-turn.ts';

/** Takes a batch of events to a receiver. Called again with the same ones when it fails or its process dies. */
export interface Receiver {
  /** Unique in the project. */
  readonly name: string;
  readonly types: readonly RunEvent['type'][];
  /** Throws a `TransientError` when the receiver is away. */
  deliver(events: readonly RunEvent[], signal: AbortSignal): Promise<Delivery>;
}

export interface Delivery {
  readonly sent: number;
  /** What the receiver will never take. */
  readonly refused: number;
  readonly reason?: string | undefined;
}

export interface CourierOptions {
  readonly keeper: NoteKeeper;
  readonly receiver: Receiver;
  /** Says what the user should know, in a sentence. */
  readonly report: (message: string) => void;
  /** Events that could not be sent for so long are given up. Default 72. */
  readonly keepHours?: number | undefined;
}

/** How far a receiver has been told, as the ledger keeps it. */
export interface CourierNote extends JsonObject {
  readonly sequence: number;
  readonly turn: (Turn & JsonObject) | null;
  /** Messages that the receiver took. */
  readonly sent: number;
  readonly refused: number;
  /** Events that were given up because they had waited too long. */
  readonly skipped: number;
}

const batchSize = 100;
const defaultKeepHours = 72;

/**
 * Sends the ledger's events on, in their order and at least once each, from a cursor that the ledger keeps: what a process
 * that died has not sent, the next one sends. Of the processes of a project one at a time does it.
 */
export interface Courier {
  readonly name: string;
  /** Makes the cursor: what is written from here on is sent. */
  prepare(): Promise<void>;
  /** Sends what there is; true when there may be more at once. Throws a `TransientError` when the receiver is away. */
  work(signal: AbortSignal): Promise<boolean>;
}

export function courierNoteName(receiver: string): string {
  return `courier ${receiver}`;
}

export function createCourier({ keeper, receiver, report, keepHours }: CourierOptions): Courier {
  const name = courierNoteName(receiver.name);
  const oldestMs = (): number => keeper.now() - (keepHours ?? defaultKeepHours) * 3_600_000;

  const finish = async (from: CourierNote, change: Partial<CourierNote>): Promise<boolean> => {
    const written = await changeNote<CourierNote>(keeper, name, (now) =>
      now?.turn?.holder === keeper.holder && now.sequence === from.sequence
        ? { ...now, ...change, turn: null }
        : undefined,
    );
    return written !== undefined;
  };

  return {
    name: receiver.name,
    prepare: async () => {
      await begin(keeper, name);
    },
    work: async (signal) => {
      const note = await begin(keeper, name);
      if (isElsewhere(note.turn ?? undefined, keeper)) return false;
      const events = await keeper.store.events({
        types: receiver.types,
        afterSequence: note.sequence,
        limit: batchSize,
      });
      const last = events.at(-1);
      if (!last) return false;
      const taken = await changeNote<CourierNote>(keeper, name, (now) =>
        now?.sequence === note.sequence && !isElsewhere(now.turn ?? undefined, keeper)
          ? { ...now, turn: takeTurn(keeper) }
          : undefined,
      );
      if (!taken) return true;
      const wanted = events.filter((event) => event.atMs >= oldestMs());
      const skipped = events.length - wanted.length;
      try {
        const limit = AbortSignal.any([signal, AbortSignal.timeout((turnMilliseconds * 2) / 3)]);
        const { sent, refused, reason } =
          wanted.length === 0
            ? { sent: 0, refused: 0, reason: undefined }
            : await receiver.deliver(wanted, limit);
        await finish(taken, {
          sequence: last.sequence,
          sent: taken.sent + sent,
          refused: taken.refused + refused,
          skipped: taken.skipped + skipped,
        });
        if (refused > 0) report(`${receiver.name}: ${refused} events were refused for good: ${reason ?? ''}`);
        if (skipped > 0)
          report(
            `${receiver.name}: ${skipped} events older than ${keepHours ?? defaultKeepHours} hours were given up`,
          );
        return events.length === batchSize;
      } catch (error) {
        await finish(taken, {});
        throw error instanceof MillraceError
          ? error
          : new TransientError(error instanceof Error ? error.message : String(error), {
              code: 'receiver_unavailable',
              cause: error,
            });
      }
    },
  };
}

/** A receiver that is new hears of what happens from now on. */
async function begin(keeper: NoteKeeper, name: string): Promise<CourierNote> {
  const found = await keeper.store.readNote(name);
  if (found) return found.value as CourierNote;
  const sequence = await keeper.store.lastSequence();
  const fresh: CourierNote = { sequence, turn: null, sent: 0, refused: 0, skipped: 0 };
  return (await changeNote<CourierNote>(keeper, name, (now) => now ?? fresh)) ?? fresh;
}
