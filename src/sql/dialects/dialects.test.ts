import { describe, expect, test } from 'vitest';
import type { DataType } from '../data-type.ts';
import { dialectFor, duckdbDialect, mysqlDialect, postgresDialect, sqliteDialect } from './index.ts';

const dialects = [postgresDialect, duckdbDialect, sqliteDialect];

describe.each(dialects.map((dialect) => [dialect.name, dialect] as const))('%s', (name, dialect) => {
  test('is found by its name', () => {
    expect(dialectFor(name)).toBe(dialect);
  });

  test('doubles quotes inside identifiers and literals', () => {
    expect(dialect.quoteTable({ schema: 'a"b', name: 'select' })).toBe('"a""b"."select"');
    expect(dialect.literal("O'Hara")).toBe("'O''Hara'");
  });

  test('refuses what has no literal', () => {
    expect(() => dialect.literal(Number.NaN)).toThrow(RangeError);
    expect(() => dialect.quote('a\0b')).toThrow(RangeError);
  });
});

test('exact numbers stay exact, also where a system is too narrow for them', () => {
  const wide: DataType = { type: 'decimal', precision: 60, scale: 4 };
  const bare: DataType = { type: 'decimal' };
  expect([wide, bare].map((type) => postgresDialect.typeName(type))).toEqual(['numeric(60,4)', 'numeric']);
  expect([wide, bare].map((type) => duckdbDialect.typeName(type))).toEqual(['varchar', 'varchar']);
  expect(duckdbDialect.typeName({ type: 'decimal', precision: 12, scale: 2 })).toBe('decimal(12,2)');
});

describe('mysql', () => {
  test('is found by its name, and quotes by backticks', () => {
    expect(dialectFor('mysql')).toBe(mysqlDialect);
    expect(mysqlDialect.quoteTable({ schema: 'a`b', name: 'select' })).toBe('`a``b`.`select`');
    expect(mysqlDialect.quoteTable({ schema: '', name: 'orders' })).toBe('`orders`');
    expect(() => mysqlDialect.quote('a\0b')).toThrow(RangeError);
  });

  test('literals do not depend on what a backslash means', () => {
    expect(mysqlDialect.literal("O'Hara")).toBe("'O''Hara'");
    expect(mysqlDialect.literal("\\' or 1 = 1 -- ")).toBe("_utf8mb4 x'5c27206f722031203d2031202d2d20'");
    expect(() => mysqlDialect.literal(Number.NaN)).toThrow(RangeError);
  });

  test('a stored key comes back as a literal of its column, whatever it holds', () => {
    expect(mysqlDialect.typedLiteral?.('2024-05-01T10:00:00.500000Z', { type: 'timestamptz' })).toBe(
      "cast('2024-05-01 10:00:00.500000' as datetime(6))",
    );
    expect(mysqlDialect.typedLiteral?.('18446744073709551615', { type: 'decimal', precision: 20 })).toBe(
      '18446744073709551615',
    );
    expect(mysqlDialect.typedLiteral?.('1 or 1 = 1', { type: 'int32' })).toBe("'1 or 1 = 1'");
    expect(mysqlDialect.typedLiteral?.('a', { type: 'text' })).toBe("'a'");
  });

  test('exact numbers beyond 65 digits are kept as text', () => {
    expect(mysqlDialect.typeName({ type: 'decimal', precision: 65, scale: 30 })).toBe('decimal(65,30)');
    expect(mysqlDialect.typeName({ type: 'decimal', precision: 66, scale: 0 })).toBe('longtext');
    expect(mysqlDialect.typeName({ type: 'decimal' })).toBe('longtext');
  });
});
