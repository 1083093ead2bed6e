import { expect, it } from 'vitest';
import { openSqliteLedger } from '../store/index.ts';
import { createEngine } from './create-engine.ts';
import { createManualClock } from './manual-clock.fixture.ts';
import { partitioned, windows } from './partition.fixture.ts';
import { definitionsOf, testExecutor } from './project.fixture.ts';

it('a schedule of an asset with partitions makes the newest that was over at its time', async () => {
  const store = await openSqliteLedger(':memory:');
  const clock = createManualClock(Date.parse('2024-03-10T23:30:00Z'));
  const schedule = { name: 's', cron: '0 0,12 * * *', timeZone: 'UTC', select: 'a' };
  const definitions = definitionsOf([partitioned('a', [], [windows()])], [schedule]);
  const engine = createEngine({
    store,
    executors: [testExecutor()],
    definitions: () => definitions,
    clock,
    pollMilliseconds: 60_000,
  });
  await engine.start({ schedules: true });
  await clock.advance(26 * 3_600_000);
  const made = (await store.completionHistory('a', 10)).map(({ partitions }) => partitions);
  expect(made).toEqual(['2024-03-11', '2024-03-10', '2024-03-10']);
  await engine.shutdown('abort');
  await store.close();
});
