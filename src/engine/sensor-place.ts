import { makePlan } from './planner.ts';
import { createRunId } from './run-id.ts';
import { createSensorBoard, type SensorBoard } from './sensors/sensor-board.ts';
import type { Sensor } from '../core/sensor.ts';
import type { Workplace } from './workplace.ts';

const none: readonly Sensor[] = [];

/** The project's sensors, with what they need of this engine. */
export function sensorBoard(place: Workplace, onError: (error: unknown) => void): SensorBoard {
  const { store, clock, redact } = place;
  return createSensorBoard({
    store,
    clock,
    redact,
    createRunId,
    onError,
    sensors: () => place.definitions().sensors ?? none,
    plan: ({ select, fullRefresh, input }) => {
      const { graph, manifestHash } = place.definitions();
      const options = { fullRefresh: fullRefresh ?? false, ...(input === undefined ? {} : { input }) };
      return makePlan(graph, { select, manifestHash, options });
    },
    onRuns: () => {
      place.written.notify();
      place.queued.notify();
    },
    onNews: () => place.sensed.notify(),
  });
}
