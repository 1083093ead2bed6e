import { it } from 'vitest';
import { simulateSensors } from './sensor-simulation.fixture.ts';
import { simulate } from './simulation.fixture.ts';

/** To repeat one: `SIMULATION_SEED=123`; to try more: `SIMULATIONS=10000`. */
const first = Number(process.env['SIMULATION_SEED'] ?? Date.now() % 1_000_000_000);
const count = Number(process.env['SIMULATIONS'] ?? (process.env['SIMULATION_SEED'] === undefined ? 60 : 1));

async function tryAll(simulation: (seed: number) => Promise<void>): Promise<void> {
  for (let seed = first; seed < first + count; seed += 1) {
    try {
      await simulation(seed);
    } catch (error) {
      throw new Error(`To repeat it: SIMULATION_SEED=${seed} vitest run src/engine/simulation`, {
        cause: error,
      });
    }
  }
}

const longestMs = 3_600_000;

it(
  'no run is lost, repeated or ended wrongly, whatever happens to processes, clocks and the ledger',
  () => tryAll(simulate),
  longestMs,
);

it('what a sensor finds leads to one run, whatever happens', () => tryAll(simulateSensors), longestMs);
