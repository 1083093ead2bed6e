import { expect, test } from 'vitest';
import { chooseColumns, parseSelection } from './selection.ts';

const available = ['id', 'first_name', 'last_name', 'pre_a', 'updated_at'];

test.each([
  [['*', 'first_name as name'], 'id name last_name pre_a updated_at'],
  [['first_name as name', '*'], 'name id last_name pre_a updated_at'],
  [['pre_*', '*', 'id'], 'pre_a first_name last_name updated_at id'],
  [['*', 'updated_at', 'last_name as family', '-id'], 'first_name family pre_a updated_at'],
  [['last_name as family', 'id'], 'family id'],
])('%j', (items, expected) => {
  const chosen = chooseColumns(parseSelection(items), available);
  expect(chosen.map(({ source, alias }) => alias ?? source).join(' ')).toBe(expected);
});
