import type { NoteKeeper } from '../delivery/note-turn.ts';
import { addEvents, noTotals, type Totals } from './totals.ts';

const noteName = 'metrics';
const eventsAtATime = 1000;

/**
 * The totals up to now. They are kept in the ledger, in one write with the sequence that they go up to: every event is
 * counted once, whichever process counts it, and a restart does not set the counters back.
 */
export async function readTotals(keeper: Pick<NoteKeeper, 'store'>): Promise<Totals> {
  const { store } = keeper;
  for (;;) {
    const note = await store.readNote(noteName);
    const before = (note?.value as Totals | undefined) ?? noTotals;
    let totals = before;
    for (let isMore = true; isMore;) {
      const events = await store.events({
        types: ['run_state', 'step_state', 'lease_taken'],
        afterSequence: totals.sequence,
        limit: eventsAtATime,
      });
      totals = addEvents(totals, events);
      isMore = events.length === eventsAtATime;
    }
    if (totals.sequence === before.sequence) return totals;
    const expectedVersion = note?.version ?? 0;
    if (await store.writeNote({ name: noteName, expectedVersion, value: totals })) return totals;
  }
}
