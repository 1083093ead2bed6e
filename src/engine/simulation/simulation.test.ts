import { it } from 'vitest';
import { simulate } from './simulation.fixture.ts';

/** To repeat one: `SIMULATION_SEED=123`; to try more: `SIMULATIONS=10000`. */
const first = Number(process.env['SIMULATION_SEED'] ?? Date.now() % 1_000_000_000);
const count = Number(process.env['SIMULATIONS'] ?? (process.env['SIMULATION_SEED'] === undefined ? 60 : 1));

it('no run is lost, repeated or ended wrongly, whatever happens to processes, clocks and the ledger', async () => {
  for (let seed = first; seed < first + count; seed += 1) {
    try {
      await simulate(seed);
    } catch (error) {
      throw new Error(`To repeat it: SIMULATION_SEED=${seed} vitest run src/engine/simulation`, {
        cause: error,
      });
    }
  }
}, 3_600_000);
