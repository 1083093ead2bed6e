import { DataError, TransientError } from '../../core/errors.ts';
import { changeNote, isElsewhere, type NoteKeeper, takeTurn } from '../delivery/note-turn.ts';
import type { Chore } from '../delivery/rounds.ts';
import { type AlertBook, type AlertMessage, alertNoteName, judge } from './alert-book.ts';
import { type AlertChannel, sendAlert } from './alert-channel.ts';
import { messageWriter } from './alert-text.ts';
import { judgeEvents, judgeLateness, type JudgementPlace } from './judgement.ts';
import { isQuiet, type QuietHours } from './quiet-hours.ts';

export interface AlertOptions {
  readonly project: string;
  readonly keeper: NoteKeeper;
  readonly judgement: JudgementPlace;
  readonly channels: ReadonlyMap<string, AlertChannel>;
  readonly quietHours: QuietHours | undefined;
  readonly redact: (text: string) => string;
  readonly report: (message: string) => void;
}

const eventsAtATime = 200;
/** How often it is looked for what should have happened. */
const lateMilliseconds = 15_000;
const keepMilliseconds = 72 * 3_600_000;
const longestDelayMilliseconds = 600_000;

/**
 * Judges what the ledger says and sends what follows from it. A message is written together with the sequence that it came
 * from, and crossed out when its channel has taken it: none is lost with a process, and one is sent twice only if the process
 * dies between the two, with the same id.
 */
export function createAlertChore(options: AlertOptions): Chore & { prepare(): Promise<void> } {
  const { keeper } = options;
  let lateAtMs = 0;
  return {
    name: 'alerts',
    prepare: async () => {
      await openBook(keeper);
    },
    work: async (signal) => {
      const looksForLate = keeper.now() >= lateAtMs;
      if (looksForLate) lateAtMs = keeper.now() + lateMilliseconds;
      const isMore = await judgeNews(options, looksForLate);
      await sendDue(options, signal);
      return isMore;
    },
  };
}

/** Rules that are new hear of what happens from now on. */
async function openBook(keeper: NoteKeeper): Promise<AlertBook> {
  const found = await keeper.store.readNote(alertNoteName);
  if (found) return found.value as AlertBook;
  const fresh: AlertBook = {
    sequence: await keeper.store.lastSequence(),
    sinceMs: keeper.now(),
    incidents: {},
    outbox: [],
    turn: null,
    sent: 0,
    refused: 0,
    skipped: 0,
  };
  return (await changeNote<AlertBook>(keeper, alertNoteName, (book) => book ?? fresh)) ?? fresh;
}

async function judgeNews(options: AlertOptions, looksForLate: boolean): Promise<boolean> {
  const { keeper, judgement, project, redact, report } = options;
  const write = messageWriter(project, redact);
  for (;;) {
    await openBook(keeper);
    const note = await keeper.store.readNote(alertNoteName);
    if (!note) continue;
    const book = note.value as AlertBook;
    const events = await keeper.store.events({
      types: ['run_state', 'step_state'],
      afterSequence: book.sequence,
      limit: eventsAtATime,
    });
    const verdicts = [
      ...(await judgeEvents(judgement, events)),
      ...(looksForLate ? await judgeLateness(judgement, keeper.now(), book.sinceMs) : []),
    ];
    const judged = { ...judge(book, verdicts, write), sequence: events.at(-1)?.sequence ?? book.sequence };
    const isSame = JSON.stringify(judged) === JSON.stringify(book);
    const isWritten =
      isSame ||
      (await keeper.store.writeNote({ name: alertNoteName, expectedVersion: note.version, value: judged }));
    if (!isWritten) continue;
    if (judged.skipped > book.skipped)
      report(`alerts: ${judged.skipped - book.skipped} were given up, too many wait`);
    return events.length === eventsAtATime;
  }
}

async function sendDue(options: AlertOptions, signal: AbortSignal): Promise<void> {
  const { keeper, quietHours } = options;
  const nowMs = keeper.now();
  const isHeldBack = ({ isUrgent }: AlertMessage): boolean =>
    !isUrgent && quietHours !== undefined && isQuiet(quietHours, nowMs);
  const isDue = (message: AlertMessage): boolean => message.nextAtMs <= nowMs && !isHeldBack(message);
  const current = (await keeper.store.readNote(alertNoteName))?.value as AlertBook | undefined;
  if (!current?.outbox.some(isDue) || isElsewhere(current.turn ?? undefined, keeper)) return;
  const book = await changeNote<AlertBook>(keeper, alertNoteName, (now) =>
    now && !isElsewhere(now.turn ?? undefined, keeper) ? { ...now, turn: takeTurn(keeper) } : undefined,
  );
  if (!book) return;
  try {
    for (const message of book.outbox.filter(isDue)) {
      if (signal.aborted) return;
      await sendOne(options, message, signal);
    }
  } finally {
    await changeNote<AlertBook>(keeper, alertNoteName, (now) =>
      now?.turn?.holder === keeper.holder ? { ...now, turn: null } : undefined,
    );
  }
}

async function sendOne(options: AlertOptions, message: AlertMessage, signal: AbortSignal): Promise<void> {
  const { keeper, channels, project, report } = options;
  const channel = channels.get(message.channel);
  const nowMs = keeper.now();
  try {
    if (!channel)
      throw new DataError(`there is no channel ${message.channel} any more`, { code: 'channel_missing' });
    if (message.attempts > 0 && nowMs - message.atMs > keepMilliseconds) {
      throw new DataError('it could not be sent for 72 hours', { code: 'message_too_old' });
    }
    await sendAlert(channel, project, message, nowMs, signal);
    await crossOut(keeper, message, (book) => ({ sent: book.sent + 1 }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    if (error instanceof DataError) {
      report(`alerts: "${message.rule}" about ${message.subject} was given up: ${reason}`);
      await crossOut(keeper, message, (book) => ({ refused: book.refused + 1 }));
      return;
    }
    if (signal.aborted) return;
    if (message.attempts === 0)
      report(`alerts: ${message.channel}: ${reason}. It is tried again; nothing waits for it`);
    await postpone(keeper, message, error);
  }
}

async function crossOut(
  keeper: NoteKeeper,
  message: AlertMessage,
  count: (book: AlertBook) => Partial<AlertBook>,
): Promise<void> {
  await changeNote<AlertBook>(keeper, alertNoteName, (book) =>
    book?.outbox.some(({ id }) => id === message.id)
      ? {
          ...book,
          ...count(book),
          outbox: book.outbox.filter(({ id }) => id !== message.id),
          turn: takeTurn(keeper),
        }
      : undefined,
  );
}

async function postpone(keeper: NoteKeeper, message: AlertMessage, error: unknown): Promise<void> {
  const attempts = message.attempts + 1;
  const asked = error instanceof TransientError ? error.retryAfterSeconds : undefined;
  const delay = Math.min((asked ?? 2 ** Math.min(attempts, 12)) * 1000, longestDelayMilliseconds);
  await changeNote<AlertBook>(
    keeper,
    alertNoteName,
    (book) =>
      book && {
        ...book,
        outbox: book.outbox.map((other) =>
          other.id === message.id ? { ...other, attempts, nextAtMs: keeper.now() + delay } : other,
        ),
        turn: takeTurn(keeper),
      },
  );
}
