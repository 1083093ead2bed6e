import { describe, expect, test } from 'vitest';
import { RecordScanner } from './record-scanner.ts';
import { anyText, valuePattern } from './value-pattern.ts';

const whole = valuePattern('-?[0-9]+');
const form = { delimiter: ',', quote: '"', emptyAsNull: false };

/** Records of an integer and a text, in pieces of so many bytes; undefined when they are not plain. */
function records(text: string, pieceBytes: number, emptyAsNull = false): number | undefined {
  const scanner = new RecordScanner([whole, anyText], { ...form, emptyAsNull });
  const bytes = Buffer.from(text);
  try {
    for (let at = 0; at < bytes.length; at += pieceBytes)
      scanner.scan(bytes.subarray(at, at + pieceBytes), 0);
  } catch {
    return undefined;
  }
  return scanner.isBetweenRecords ? scanner.records : -1;
}

describe.each([1, 2, 3, 1000])('in pieces of %i bytes', (pieceBytes) => {
  test.each([
    ['1,a\n-22,b c\n', 2],
    ['1,a\r\n2,b\r\n', 2],
    [',\n,\n', 2],
    ['"1","a"\n', 1],
    ['1,""\n', 1],
    ['1,""""\n', 1],
    ['1,"a,b\nc\r\nd ""e"" \r"\n2,é\u2713\n', 2],
    ['1,a', -1],
    ['1,"a\n', -1],
  ])('%j is so many records', (text, count) => {
    expect(records(text, pieceBytes)).toBe(count);
  });

  test.each([
    'x,a\n', '1.5,a\n', ' 1,a\n', '1 ,a\n', '"",a\n', '"1 ",a\n', '-,a\n', '1\n', '1,a,b\n', '\n', '1,a\n\n', '1,a"b\n', '1,"a"b\n',
    '1,"a" \n', '1,a"b"\n', String.raw`1,"a\"b"` + '\n', '1,a\rb\n', '1,a\r\r\n', '1"1",a\n', String.raw`\.` + '\n',
  ])('%j is not plain', (text) => {
    expect(records(text, pieceBytes)).toBeUndefined();
  }); // prettier-ignore

  test('nothing in quotes is as good as nothing where that is wanted', () => {
    expect(records('"",""\n', pieceBytes, true)).toBe(1);
  });
});

test('stops behind so many records', () => {
  const scanner = new RecordScanner([anyText, anyText], form);
  const bytes = Buffer.from('"a\nb",c\n1,2\n');
  expect(scanner.scan(bytes, 0, 1)).toBe(8);
  expect(scanner.scan(bytes, 8)).toBe(bytes.length);
  expect(scanner.records).toBe(2);
});
