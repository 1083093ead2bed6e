import { expect, test } from 'vitest';
import { parseCsv } from './csv.ts';

test('quotes, delimiters and line ends as RFC 4180 has them', () => {
  expect(parseCsv('s.csv', '\uFEFFa,b\r\n"x,""y""\nz",\r\n\r\n,"é"', ',')).toEqual({
    header: ['a', 'b'],
    rows: [
      ['x,"y"\nz', ''],
      ['', 'é'],
    ],
  });
  expect(parseCsv('s.csv', 'a||b\n1||2\n', '||').rows).toEqual([['1', '2']]);
});

test.each([
  ['', 1, 'empty'],
  ['a,a\n', 1, 'twice'],
  ['a,\n', 1, 'without a name'],
  ['a,b\n"x\ny",1\n2\n', 4, '1 fields, the header 2'],
  ['a\n"x\n', 2, 'not closed'],
  ['a\n"x"y\n', 2, 'after a closing quote'],
])('a broken file is told with its line: %j', (text, line, message) => {
  expect(() => parseCsv('s.csv', text, ',')).toThrow(
    expect.objectContaining({ origin: { file: 's.csv', line }, message: expect.stringContaining(message) }),
  );
});
