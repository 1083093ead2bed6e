import type { JsonObject } from '../../core/json.ts';
import type { Turn } from '../delivery/note-turn.ts';
import type { Verdict } from './alert-rule.ts';

/**
 * What alerts remember, in one note of the ledger: how far the events were judged, what is wrong now, and what is still to
 * be sent. It is written in one piece, so that an event leads to its messages once, whichever process judges it.
 */
export interface AlertBook extends JsonObject {
  readonly sequence: number;
  /** When the first rule was looked at. Milliseconds since 1970, UTC. */
  readonly sinceMs: number;
  /** By rule and subject. */
  readonly incidents: { readonly [key: string]: Incident };
  readonly outbox: readonly AlertMessage[];
  readonly turn: (Turn & JsonObject) | null;
  readonly sent: number;
  /** Messages that a receiver refused for good. */
  readonly refused: number;
  /** Messages that were given up: too many, or too old. */
  readonly skipped: number;
}

export interface Incident extends JsonObject {
  readonly sinceMs: number;
  readonly count: number;
}

export interface AlertMessage extends JsonObject {
  /** The same for the same message whoever sends it, so that a receiver can tell a repetition. */
  readonly id: string;
  readonly channel: string;
  readonly rule: string;
  readonly on: string;
  readonly subject: string;
  readonly state: 'raised' | 'recovered';
  readonly text: string;
  readonly facts: JsonObject;
  readonly atMs: number;
  readonly isUrgent: boolean;
  readonly attempts: number;
  readonly nextAtMs: number;
}

export type MessageWriter = (verdict: Verdict, state: AlertMessage['state'], channel: string) => AlertMessage;

/** Under which it is kept. */
export const alertNoteName = 'alerts';

const mostIncidents = 2000;
const mostMessages = 500;

/** The book after these verdicts, in their order. */
export function judge(book: AlertBook, verdicts: readonly Verdict[], write: MessageWriter): AlertBook {
  const incidents = new Map(Object.entries(book.incidents));
  const outbox = [...book.outbox];
  for (const verdict of verdicts) {
    const key = `${verdict.rule.name}\n${verdict.subject}`;
    const known = incidents.get(key);
    const state = stateAfter(verdict, known);
    if (verdict.isWell) incidents.delete(key);
    else if (state !== undefined || verdict.rule.on !== 'late') {
      incidents.set(key, { sinceMs: known?.sinceMs ?? verdict.atMs, count: (known?.count ?? 0) + 1 });
    }
    if (state !== undefined)
      outbox.push(...verdict.rule.channels.map((channel) => write(verdict, state, channel)));
  }
  const skipped = Math.max(0, outbox.length - mostMessages);
  return {
    ...book,
    incidents: Object.fromEntries([...incidents].slice(-mostIncidents)),
    outbox: outbox.slice(skipped),
    skipped: book.skipped + skipped,
  };
}

/** What is to be told; undefined for nothing. Being late is a state that goes on, and is told once. */
function stateAfter(
  { rule, isWell }: Verdict,
  known: Incident | undefined,
): AlertMessage['state'] | undefined {
  if (isWell) return known && rule.tellsRecovery ? 'recovered' : undefined;
  return known && (rule.isFirstOnly || rule.on === 'late') ? undefined : 'raised';
}
