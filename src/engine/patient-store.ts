import { MillraceError } from '../core/errors.ts';
import type { Clock, RunStore } from '../core/ports.ts';
import { pause } from './wake.ts';

/** Waits between tries, milliseconds. A store has waited by itself before it says that it is busy. */
const delaysMilliseconds = [100, 300, 1000, 3000];
const never = new AbortController().signal;

type Method = (...args: readonly unknown[]) => unknown;

/** The same store; calls that it was too busy for (`ledger_busy`: nothing was written) are made again. */
export function patientStore(store: RunStore, clock: Clock): RunStore {
  return new Proxy(store, {
    get: (target, name) => {
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function' || name === 'onChange') return method;
      return (...args: readonly unknown[]) => callPatiently(() => (method as Method)(...args), clock);
    },
  });
}

async function callPatiently(call: () => unknown, clock: Clock): Promise<unknown> {
  for (const delay of delaysMilliseconds) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code !== 'ledger_busy') throw error;
      await pause(clock, delay, never);
    }
  }
  return call();
}
