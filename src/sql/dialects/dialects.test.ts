import { describe, expect, test } from 'vitest';
import type { DataType } from '../data-type.ts';
import { dialectFor, duckdbDialect, postgresDialect, sqliteDialect } from './index.ts';

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
