import { readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileFolder } from '../file-folder.fixture.ts';

let files: FileFolder;
beforeEach(async () => {
  files = await FileFolder.open();
});
afterEach(() => files.close());

const a = [1, 'x'];
const b = [2, 'y'];

describe('is read as it is meant', () => {
  test.each([
    ['CRLF, then LF', 'a,b\r\n1,x\r\n2,y\n', [a, b]],
    ['LF, then CRLF', 'a,b\n1,x\n2,y\r\n', [a, b]],
    ['the header alone by CRLF', 'a,b\r\n1,x\n2,y\n', [a, b]],
    ['both, with both in quotes', 'a,b\r\n1,"x\r\ny"\n2,"p\nq\r\n"\r\n', [[1, 'x\r\ny'], [2, 'p\nq\r\n']]],
    ['both, with quotes in quotes', 'a,b\r\n1,"x"",\r\n""y"\n2,""""\r\n', [[1, 'x",\r\n"y'], [2, '"']]],
    ['both, and blank lines', 'a,b\r\n\n1,x\n\r\n2,y\r\n\r\n', [a, b]],
    ['both, no end of the last line', 'a,b\r\n1,x\n2,y', [a, b]],
    ['CR only', 'a,b\r1,x\r2,y\r', [a, b]],
    ['CRLF, with LF in quotes', 'a,b\r\n1,"x\ny"\r\n2,y\r\n', [[1, 'x\ny'], b]],
    ['CR in quotes', 'a,b\n1,"x\ry"\n2,y\n', [[1, 'x\ry'], b]],
    ['quotes within a field', 'a,b\n1,x"y"z\n2,it"s\n', [[1, 'x"y"z'], [2, 'it"s']]],
    ['blanks around quotes', 'a,b\n1, "x" \n2,y\n', [a, b]],
    ['a byte order mark', '\ufeffa,b\n1,x\n', [a]],
    ['a byte order mark before a quote', '\ufeff"a","b"\n1,x\n', [a]],
    ['a zero byte', 'a,b\n1,x\0y\n', [[1, 'x\0y']]],
    ['a delimiter behind each row', 'a,b\n1,x,\n2,y,\n', [a, b]],
    ['a delimiter behind header and rows', 'a,b,\n1,x,\n2,y,\n', [[1, 'x', null], [2, 'y', null]]],
    ['blank lines', 'a,b\n\n1,x\n\n\n2,y\n\n', [a, b]],
    ['blank lines before the header', '\r\n\na,b\r\n1,x\r\n', [a]],
    ['a header alone', 'a,b\r\n', []],
    ['a name with a line break', '"a\nc",b\n1,x\n', [a]],
  ])('%s', async (_, text, rows) => {
    files.put('t.csv', text);
    expect(await files.rowsOf('t.csv')).toEqual(rows);
  }); // prettier-ignore

  test('a column without a name is called by its number', async () => {
    files.put('t.csv', 'a,, \n1,x,y\n');
    expect(await files.typesOf('t.csv')).toEqual({ a: 'int64', col_002: 'text', col_003: 'text' });
  });

  test('lines before the header that look like anything', async () => {
    for (const end of ['\n', '\r\n', '\r']) {
      files.put('t.csv', ['said "he', 'and, "she"s', 'a,b', '1,x', '2,y', ''].join(end));
      expect(await files.rowsOf('t.csv', { skip_lines: 2 })).toEqual([a, b]);
      files.put('t.csv', ['said he', '', 'a,b', '1,x', '2,y', ''].join(end));
      expect(await files.rowsOf('t.csv', { skip_lines: 2 })).toEqual([a, b]);
    }
    files.put('t.csv', 'said "he\r\nand, "she"s\na,b\r\n1,x\n2,y\r\n');
    expect(await files.rowsOf('t.csv', { skip_lines: 2 })).toEqual([a, b]);
  });

  test('other letters than the usual ones', async () => {
    files.put('t.csv', "a;b\r\n1;'x\\'\r\n;y'\n2;y\n");
    expect(await files.rowsOf('t.csv', { quote: "'", escape: '\\' })).toEqual([[1, "x'\r\n;y"], b]);
  });

  test('lines that end in another way far behind the first ones, packed or not', async () => {
    const text = `a,b\n${'1,x\n'.repeat(40_000)}2,"y\r\nz"\r\n`;
    files.put('late.csv', text);
    files.put('late.csv.gz', gzipSync(text));
    for (const name of ['late.csv', 'late.csv.gz']) {
      await expect(files.rowsOf(name)).rejects.toMatchObject({
        kind: 'transient',
        code: 'types_guessed_wrong',
      });
      const rows = await files.rowsOf(name);
      expect([rows.length, rows[0], rows.at(-1)]).toEqual([40_001, a, [2, 'y\r\nz']]);
    }
    await files.connection.source?.describe({ name: 'late.csv' }, {});
    files.put('late.csv', 'a,b\n1,x\n');
    expect(await files.rowsOf('late.csv')).toEqual([a]);
    // What is left is of the packed file: it unpacked, and that with even lines.
    expect(readdirSync(files.temporaryPath).filter((name) => name.endsWith('.csv'))).toHaveLength(2);
  });

  test('rows of any length that memory bears', async () => {
    const long = 'x'.repeat(10_000_000);
    files.put('long.csv', `a,b\n1,${long}\n2,y\n3,"${long}"\n`);
    expect((await files.rowsOf('long.csv')).map(([, text]) => String(text).length)).toEqual([1e7, 1, 1e7]);
    const late = `a,b\n${'1,x\n'.repeat(40_000)}2,${long}\n3,y\n`;
    files.put('late.csv', late);
    await expect(files.rowsOf('late.csv')).rejects.toMatchObject({ code: 'types_guessed_wrong' });
    expect(await files.rowsOf('late.csv')).toHaveLength(40_002);
  });

  test('a last row that is longer than the buffer of the reader', async () => {
    const text = `a,b\n1,x\n2,${'z'.repeat(33_000_000)}\n`;
    files.put('t.csv', text);
    expect((await files.rowsOf('t.csv')).map(([, value]) => String(value).length)).toEqual([1, 33_000_000]);
    files.put('t.csv.gz', gzipSync(text, { level: 1 }));
    expect((await files.rowsOf('t.csv.gz')).map(([, value]) => String(value).length)).toEqual([
      1, 33_000_000,
    ]);
  });

  test('a header of many long names', async () => {
    const names = Array.from({ length: 2000 }, (_, index) => `${'n'.repeat(1000)}${index}`);
    files.put('t.csv', `${names.join()}\n${names.map((_, index) => index).join()}\n`);
    expect(Object.keys(await files.typesOf('t.csv'))).toEqual(names);
  });
});

describe('is an error with its line', () => {
  test.each([
    ['a field too few', 'a,b\n1,x\n2\n', /t\.csv, line 3: it has 1 fields where the header has 2/],
    ['a field too many', 'a,b\n1,x\n2,y,z\n', /t\.csv, line 3: it has 3 fields where the header has 2/],
    ['a field too few, beside both ends', 'a,b\r\n1,x\n2\n', /t\.csv, line 3: it has 1 fields/],
    ['text behind a quote', 'a,b\n1,"p\nq"\n2,"y"z\n', /t\.csv, line 4: a field goes on behind its closing quote/],
    ['an open quote', 'a,b\n1,"x\n2,y\n', /t\.csv, line 2: a quote is opened and never closed/],
    ['an open quote, beside both ends', 'a,b\r\n1,x\n2,"y\n', /t\.csv, line 3: a quote is opened and never closed/],
    ['a CR within a line', 'a,b\n1,x\n2,p\rq\n', /t\.csv, line 3: a carriage return stands by itself/],
    ['a CR within a line that ends by CRLF', 'a,b\r\n1,x\r\n2,p\rq\r\n', /t\.csv, line 3: a carriage return stands by/],
    ['a name twice', 'a,A\n1,2\n', /line 1: column A is named twice/],
    ['an open quote in the header', 'a,"b\n1,x\n', /line 1: the quote of the header is not closed/],
    ['bytes that are no UTF-8', Buffer.from('a,b\n1,\xe9\n', 'latin1'), /t\.csv.* the text is not/],
  ])('%s', async (_, text, message) => {
    files.put('t.csv', text);
    await expect(files.rowsOf('t.csv')).rejects.toMatchObject({ kind: 'data', message: expect.stringMatching(message) });
  }); // prettier-ignore

  test('a row that is longer than memory bears', async () => {
    files.put('t.csv', `a,b\n1,${'x'.repeat(64_000_000)}\n`);
    await expect(files.rowsOf('t.csv')).rejects.toMatchObject({
      code: 'memory_budget',
      message: expect.stringMatching(/t\.csv: a row is longer than 62500000 bytes, an eighth of the 500 MB/),
    });
  });
});
