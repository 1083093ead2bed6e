import { FatalError, TransientError } from '../../core/errors.ts';
import type { Clock, RunStore } from '../../core/ports.ts';
import type { Timeline } from './timeline.fixture.ts';

/** A process as a simulation has it: it may die, stand still, have a wrong clock, and lose sight of its ledger. */
export interface Machine {
  readonly clock: Clock;
  readonly store: RunStore;
  isDead(): boolean;
  /** Does what `kill -9` does. */
  die(): void;
  /** Resolves when `milliseconds` have passed for this machine; never when it dies. */
  sleep(milliseconds: number): Promise<void>;
}

export interface Trouble {
  readonly random: () => number;
  /** Probability of something bad at one call of the ledger; 0 when the bad times are over. */
  readonly likelihood: () => number;
  readonly onDeath: (machine: Machine) => void;
}

const writes =
  /^(create|update|claim|renew|release|move|start|append|save|request|hold|record|write|commit|add|announce)/;

const never = new Promise<never>(() => undefined);

export function createMachine(timeline: Timeline, store: RunStore, trouble: Trouble): Machine {
  const { random, likelihood } = trouble;
  const asleep: (() => void)[] = [];
  let isFrozen = false;
  let isDead = false;
  let fullUntilMs = 0;
  let skewMs = Math.floor((random() - 0.5) * 4000);

  const awake = async (): Promise<void> => {
    if (isDead) await never;
    if (isFrozen) await new Promise<void>((resolve) => asleep.push(resolve));
    if (isDead) await never;
  };
  const freeze = (milliseconds: number): void => {
    isFrozen = true;
    timeline.after(milliseconds, () => {
      isFrozen = false;
      for (const wake of asleep.splice(0)) wake();
    });
  };
  const clock: Clock = {
    nowMs: () => Math.floor(timeline.nowMs()) + skewMs,
    after: (delayMs, callback) => {
      let isOff = false;
      const ring = async (): Promise<void> => {
        await awake();
        if (!isOff) callback();
      };
      const stop = timeline.after(delayMs, () => {
        void ring();
      });
      return () => {
        isOff = true;
        stop();
      };
    },
  };
  const sleep = (milliseconds: number): Promise<void> =>
    new Promise((resolve) => clock.after(milliseconds, resolve));

  const happens = (share: number): boolean => random() < share * likelihood();
  const call = async (name: string, work: () => Promise<unknown>): Promise<unknown> => {
    await awake();
    if (happens(0.3)) fullUntilMs = timeline.nowMs() + random() * 30_000;
    if (timeline.nowMs() < fullUntilMs && writes.test(name))
      throw new FatalError('full', { code: 'ledger_full' });
    if (happens(4)) await sleep(Math.floor(random() * 3000));
    if (happens(1)) machine.die();
    if (happens(0.5)) skewMs += Math.floor((random() - 0.3) * 60_000);
    if (happens(0.5)) freeze(Math.floor(random() * 90_000));
    await awake();
    if (happens(1)) throw new TransientError('busy', { code: 'ledger_busy' });
    if (happens(0.5)) throw new TransientError('cut off before', { code: 'ledger_unreachable' });
    const result = await work();
    if (happens(1)) machine.die();
    if (happens(0.5)) freeze(Math.floor(random() * 90_000));
    await awake();
    if (happens(0.5)) throw new TransientError('cut off after', { code: 'ledger_unreachable' });
    return result;
  };
  const machine: Machine = {
    clock,
    sleep,
    isDead: () => isDead,
    die: () => {
      if (isDead) return;
      isDead = true;
      trouble.onDeath(machine);
    },
    store: new Proxy(store, {
      get: (target, name) => {
        const method = Reflect.get(target, name) as
          | ((...args: readonly unknown[]) => Promise<unknown>)
          | undefined;
        return method && ((...args: readonly unknown[]) => call(String(name), () => method(...args)));
      },
    }),
  };
  return machine;
}
