import { expect, test } from 'vitest';
import { type AlertBook, judge } from './alert-book.ts';
import type { AlertRule, Verdict } from './alert-rule.ts';
import { messageWriter } from './alert-text.ts';

const empty: AlertBook = {
  sequence: 0,
  sinceMs: 0,
  incidents: {},
  outbox: [],
  turn: null,
  sent: 0,
  refused: 0,
  skipped: 0,
};

function rule(more: Partial<AlertRule> = {}): AlertRule {
  return {
    name: 'failures',
    on: 'step_failed',
    channels: ['ops'],
    nodes: undefined,
    schedule: undefined,
    withinSeconds: 0,
    deviations: 5,
    history: 20,
    isFirstOnly: true,
    tellsRecovery: true,
    isUrgent: false,
    template: undefined,
    ...more,
  };
}

function verdicts(about: AlertRule, ...well: readonly boolean[]): readonly Verdict[] {
  return well.map((isWell, index) => ({
    rule: about,
    subject: 'raw/orders',
    isWell,
    atMs: index + 1,
    facts: isWell ? {} : { error: 'the password is hunter2' },
  }));
}

const write = messageWriter('shop', (text) => text.replaceAll('hunter2', '***'));

function states(book: AlertBook): readonly string[] {
  return book.outbox.map(({ state }) => state);
}

test('tells the first failure and the recovery, however often it fails in between', () => {
  const book = judge(empty, verdicts(rule(), true, false, false, false, true, true, false), write);
  expect(states(book)).toEqual(['raised', 'recovered', 'raised']);
  expect(Object.values(book.incidents)).toEqual([{ sinceMs: 7, count: 1 }]);
});

test('tells each failure, and no recovery, when the rule says so', () => {
  const each = rule({ isFirstOnly: false, tellsRecovery: false });
  expect(states(judge(empty, verdicts(each, false, false, true), write))).toEqual(['raised', 'raised']);
});

test('being late is told once, whatever the rule says about repeating', () => {
  const late = rule({ on: 'late', isFirstOnly: false });
  const first = judge(empty, verdicts(late, false), write);
  const second = judge(first, verdicts(late, false, false), write);
  expect(second).toEqual(first);
});

test('a judgement that is made again gives the same messages, and each channel gets its own', () => {
  const both = rule({ channels: ['ops', 'hook'] });
  const once = judge(empty, verdicts(both, false), write).outbox;
  expect(judge(empty, verdicts(both, false), write).outbox).toEqual(once);
  expect(new Set(once.map(({ id }) => id)).size).toBe(2);
});

test('secrets and unknown names are not in a text', () => {
  const own = rule({ template: 'X {{ error }} {{rows}}|{{project}} {{subject}}' });
  expect(judge(empty, verdicts(own, false), write).outbox[0]?.text).toBe(
    'X the password is *** |shop raw/orders',
  );
});

test('no more messages than a bound wait, and what was given up is counted', () => {
  const each = rule({ isFirstOnly: false });
  const book = judge(empty, verdicts(each, ...Array.from({ length: 600 }, () => false)), write);
  expect([book.outbox.length, book.skipped]).toEqual([500, 100]);
  expect(book.outbox.at(-1)?.atMs).toBe(600);
});
