import type { Shape } from './graphs.ts';
import { millisecondsPerStep } from './measurements.ts';
import { dagsterTime, isolatedMillisecondsPerStep } from './peer.ts';
import type { BenchPlace } from './place.ts';
import type { Measured, Pair } from './record.ts';

const cases = [
  ['in_process', 200],
  ['multiprocess', 20],
] as const;

/** The same graphs in turn, ours and Dagster's. Nothing without the Python that `DAGSTER_PYTHON` names. */
export async function besideDagster(place: BenchPlace, shape: Shape): Promise<Measured> {
  const python = process.env['DAGSTER_PYTHON'];
  const pairs: Pair[] = [];
  if (python === undefined) return { lines: [], pairs };
  for (const [executor, assets] of cases) {
    const ours: number[] = [];
    const theirs: number[] = [];
    let version = '';
    for (let round = 0; round < place.rounds; round += 1) {
      ours.push(await ourTime(place, shape, executor, assets));
      const peer = dagsterTime(python, place.newFolder(), { shape, executor, assets });
      theirs.push(peer.millisecondsPerStep);
      version = peer.version;
    }
    pairs.push({ what: `${assets} no-op assets, ${shape}, ${executor}`, ours, theirs, version });
  }
  return { lines: [], pairs };
}

function ourTime(
  place: BenchPlace,
  shape: Shape,
  executor: 'in_process' | 'multiprocess',
  assets: number,
): Promise<number> | number {
  if (executor === 'in_process') return place.newSqlite((store) => millisecondsPerStep(store, shape, assets));
  return isolatedMillisecondsPerStep(place.main(), place.newFolder(), { shape, assets });
}
