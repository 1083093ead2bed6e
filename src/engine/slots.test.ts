import { expect, it } from 'vitest';
import { createSlots, type SlotClaim, type Slots } from './slots.ts';

const never = new AbortController().signal;

/** Takes a slot and writes down when it got it; returns how to give it back. */
function taker(slots: Slots): {
  readonly got: string[];
  readonly take: (name: string, claim?: SlotClaim, signal?: AbortSignal) => () => Promise<void>;
} {
  const got: string[] = [];
  const take = (name: string, claim?: SlotClaim, signal: AbortSignal = never): (() => Promise<void>) => {
    const taking = slots.take(signal, claim).then((giveBack) => {
      if (giveBack) got.push(name);
      return giveBack;
    });
    return async () => {
      (await taking)?.();
      await settle();
    };
  };
  return { got, take };
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

it('lets in as many as there are slots, the others in order of priority, then of coming', async () => {
  const { got, take } = taker(createSlots(2));
  const endA = take('a');
  take('b');
  take('c');
  take('d', { priority: -1 });
  take('e', { priority: 5 });
  const endF = take('f');
  await settle();
  expect(got).toEqual(['a', 'b']);
  await endA();
  expect(got).toEqual(['a', 'b', 'e']);
  void endF;
});

it('lets who wants to be alone in when nobody is there, and keeps others out', async () => {
  const { got, take } = taker(createSlots(3));
  const endA = take('a');
  const endAlone = take('alone', { isAlone: true });
  const endB = take('b');
  await settle();
  expect(got).toEqual(['a']);
  await endA();
  expect(got).toEqual(['a', 'alone']);
  await endAlone();
  expect(got).toEqual(['a', 'alone', 'b']);
  await endB();
});

it('forgets who does not want any more, and lets in who waited behind', async () => {
  const { got, take } = taker(createSlots(2));
  const end = take('a');
  const leaving = new AbortController();
  take('alone', { isAlone: true }, leaving.signal);
  take('b');
  await settle();
  expect(got).toEqual(['a']);
  leaving.abort();
  await settle();
  expect(got).toEqual(['a', 'b']);
  await end();
});
