import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { firstTexts, longestText } from './first-texts.ts';

test('the texts of the first rows are told, as far as they tell a type', async () => {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const column = (name: string): { name: string; expression: string } => ({ name, expression: name });
  const few = `(values ('a', null), ('abc', null), (null, null)) as t(x, y)`;
  const found = await firstTexts(connection, few, [column('x'), column('y')]);
  expect(found).toEqual({ texts: [['a', 'abc'], []], isWhole: true });
  const many = `(select repeat('é', 5000) as x from range(100000)) as t`;
  const { texts, isWhole } = await firstTexts(connection, many, [column('x')]);
  expect(texts[0]?.length).toBeLessThan(2000);
  expect([texts[0]?.[0], isWhole]).toEqual(['é'.repeat(1000), false]);
  const columns = Array.from({ length: 2500 }, (_, index) => `c${index}`);
  const wide = `(select ${columns.map((name, index) => `'${index}' as ${name}`).join(', ')}) as t`;
  const all = await firstTexts(connection, wide, columns.map(column));
  expect(all.texts.map(([text]) => Number(text))).toEqual(columns.map((_, index) => index));
  connection.closeSync();
  instance.closeSync();
});

test('the first of the longest texts is told, where there is one', () => {
  expect(longestText(['a', 'abc', 'xyz', ''])).toBe('abc');
  expect(longestText([])).toBeUndefined();
});
