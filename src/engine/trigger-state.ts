import type { RunStore } from '../core/ports.ts';
import type { KeptTriggerTick } from '../core/trigger.ts';
import { readSensorNote } from './sensors/sensor-board.ts';

/** How a sensor is. */
export interface SensorState {
  readonly name: string;
  /** `new`: it was not looked at yet. */
  readonly condition: 'new' | 'working' | 'failing';
  /** Failed looks in a row. */
  readonly failures: number;
  /** When it is looked at again after a failure. Milliseconds since 1970, UTC. */
  readonly dueAtMs?: number;
  readonly lastTick?: KeptTriggerTick;
}

export async function sensorStates(
  store: RunStore,
  names: readonly string[],
): Promise<readonly SensorState[]> {
  return Promise.all(
    names.map(async (name): Promise<SensorState> => {
      const note = await readSensorNote(store, name);
      const [lastTick] = await store.triggerTicks(`sensor ${name}`, 1);
      const failures = note?.failures ?? 0;
      return {
        name,
        condition: failures > 0 ? 'failing' : note ? 'working' : 'new',
        failures,
        ...(failures > 0 && note ? { dueAtMs: note.dueAtMs } : {}),
        ...(lastTick ? { lastTick } : {}),
      };
    }),
  );
}
