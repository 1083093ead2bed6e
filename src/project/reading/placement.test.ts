import { expect, test } from 'vitest';
import type { Connection } from '../../connector/connection.ts';
import type { ConnectionDeclaration } from '../connections/connections-file.ts';
import { checkWorkerPools, limitsOfPools, withoutFiles, workerPools } from './placement.ts';

test('pools limit, are for workers, or both', () => {
  const pools = {
    few: 2,
    near: { workers: true },
    both: { workers: true, limit: 3 },
    chosen: { select: 'a' },
  };
  expect(limitsOfPools(pools)).toEqual({ few: 2, both: 3 });
  expect(workerPools(pools)).toEqual(['near', 'both']);
  expect(() => checkWorkerPools(['near'], { name: 'p', pools })).not.toThrow();
  expect(() => checkWorkerPools(['nera'], { name: 'p', pools })).toThrow("there is no pool 'nera'");
});

test('a worker is refused the file, and gets everything else', async () => {
  const declared = (type: string): ConnectionDeclaration => ({ type }) as unknown as ConnectionDeclaration;
  const connections = new Map([
    ['PG', declared('postgres')],
    ['DUCK', declared('duckdb')],
  ]);
  const opened = { name: 'PG' } as unknown as Connection;
  const get = withoutFiles(() => Promise.resolve(opened), connections);
  expect(await get('pg')).toBe(opened);
  await expect(get('duck')).rejects.toMatchObject({ code: 'warehouse_elsewhere' });
});
