import type { Exposition } from '../../telemetry/metrics/exposition.ts';
import type { Counts } from '../../telemetry/metrics/totals.ts';
import { limitsOfPools } from '../reading/placement.ts';
import type { TelemetryPlace } from './telemetry.ts';

/** Steps at a time when the project does not say. */
const usualConcurrency = 4;

/** Reads the ledger and says how the project stands, as Prometheus reads it. `withProcess` adds this process's memory and time. */
export async function readMetrics(place: TelemetryPlace, withProcess: boolean): Promise<Exposition> {
  const [{ expose }, { takeReadings, wholeEngine }, { readTotals }, { courierNoteName }, { alertNoteName }] =
    await Promise.all([
      import('../../telemetry/metrics/exposition.ts'),
      import('../../telemetry/metrics/readings.ts'),
      import('../../telemetry/metrics/totals-note.ts'),
      import('../../telemetry/delivery/courier.ts'),
      import('../../telemetry/alerts/alert-book.ts'),
    ]);
  const { store, project } = place;
  const poolLimits = (): Counts => {
    const { pools, concurrency } = project().definition;
    return { ...limitsOfPools(pools), [wholeEngine]: concurrency ?? usualConcurrency };
  };
  const readings = await takeReadings({
    store,
    now: Date.now,
    schedules: () => project().manifest.schedules.map(({ name }) => name),
    poolLimits,
    messageNotes: {
      openlineage: courierNoteName('openlineage'),
      traces: courierNoteName('traces'),
      alerts: alertNoteName,
    },
  });
  const labels: Record<string, string> = place.isWholeProject ? {} : { ledger: 'loads' };
  return expose(await readTotals(place), readings, { withProcess, labels });
}
