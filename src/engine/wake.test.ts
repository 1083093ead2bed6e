import { expect, it } from 'vitest';
import { createManualClock } from './manual-clock.fixture.ts';
import { createWake } from './wake.ts';

const never = new AbortController().signal;

it('does not miss a notification between the look and the wait', async () => {
  const wake = createWake(createManualClock(0));
  const mark = wake.mark();
  wake.notify();
  await wake.wait(mark, 1000, never);
  expect(wake.mark()).not.toBe(mark);
});

it('resolves at a notification, at its time, and at an abort', async () => {
  const clock = createManualClock(0);
  const wake = createWake(clock);
  const ended: string[] = [];
  const wait = async (name: string, milliseconds: number, signal = never): Promise<void> => {
    await wake.wait(wake.mark(), milliseconds, signal);
    ended.push(name);
  };
  const aborting = new AbortController();
  const waits = [wait('late', 5000), wait('soon', 10), wait('aborted', 5000, aborting.signal)];
  await clock.advance(10);
  expect(ended).toEqual(['soon']);
  aborting.abort();
  await clock.advance(1);
  expect(ended).toEqual(['soon', 'aborted']);
  wake.notify();
  await Promise.all(waits);
  expect(ended).toEqual(['soon', 'aborted', 'late']);
});
