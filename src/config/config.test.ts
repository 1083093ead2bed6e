import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ProjectError } from '../core/errors.ts';
import { expandEnvironment } from './environment.ts';
import { readYaml } from './yaml-file.ts';

const schema = z.strictObject({
  source: z.string(),
  streams: z.record(
    z.string(),
    z.strictObject({ mode: z.string().optional(), limit: z.number().optional() }).nullable(),
  ),
});

function mistakes(text: string): string[] {
  try {
    readYaml(text, 'r.yaml', schema);
    return [];
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    return error.issues.map(
      (issue) => `${issue.origin?.line}:${issue.origin?.column} ${issue.code} ${issue.message}`,
    );
  }
}

describe('readYaml', () => {
  test('knows where a value was written', () => {
    const file = readYaml('source: A\nstreams:\n  public.orders:\n    mode: snapshot\n', 'r.yaml', schema);
    expect(file.originOf(['streams', 'public.orders', 'mode'])).toEqual({
      file: 'r.yaml',
      line: 4,
      column: 11,
    });
    expect(file.originOfKey(['streams', 'public.orders'])).toEqual({ file: 'r.yaml', line: 3, column: 3 });
    expect(file.originOf(['streams', 'absent'])).toMatchObject({ line: 3 });
  });

  test('a misspelt key names its line and the right word', () => {
    expect(mistakes('source: A\nstreams:\n  a:\n    mod: x\n')).toEqual([
      "4:5 unknown_key unknown key 'mod', did you mean 'mode'?",
    ]);
  });

  test('every mistake is reported, not only the first', () => {
    expect(mistakes('sorce: A\nstreams:\n  a: {limit: many}\n')).toHaveLength(3);
  });

  test('broken YAML and duplicate keys have a place', () => {
    expect(mistakes('source: [A\n')[0]).toMatch(/^\d+:\d+ yaml_syntax/);
    expect(mistakes('source: A\nsource: B\nstreams: {}\n')[0]).toMatch(/^2:1 yaml_syntax .*unique/);
  });
});

describe('hostile YAML', () => {
  test('aliases that unfold into billions of items are refused', () => {
    const levels = Array.from({ length: 10 }, (_, level) => {
      const items = Array.from({ length: 10 }, () => (level === 0 ? 'x' : `*a${level - 1}`));
      return `a${level}: &a${level} [${items.join(', ')}]`;
    });
    expect(mistakes(levels.join('\n'))).toEqual([expect.stringContaining('yaml_aliases')]);
  });

  test('a key that JavaScript objects lose is refused where it stands', () => {
    expect(mistakes('source: A\nstreams:\n  __proto__: {mode: x}\n')).toEqual([
      "3:3 unknown_key the name '__proto__' cannot be used",
    ]);
  });

  test('nesting without end has few, readable errors', () => {
    const found = mistakes(`source: ${'['.repeat(100_000)}`);
    expect(found[0]).toMatch(/^1:\d+ yaml_syntax this is nested too deeply$/);
    expect(found.length).toBeLessThanOrEqual(10);
  });

  test('what is missing is called missing; a second document is told', () => {
    expect(mistakes('source: A\n')).toEqual(["1:1 invalid_value 'streams' is missing"]);
    expect(mistakes('source: A\n---\nsource: B\n')[0]).toMatch(/^2:1 yaml_syntax a second document/);
  });
});

describe('expandEnvironment', () => {
  const origin = { file: 'c.yaml', line: 2 };

  test('replaces names and falls back to defaults', () => {
    expect(expandEnvironment('${A}-${B:-b}-$A', { A: '1' }, origin)).toBe('1-b-1');
    expect(expandEnvironment('${U:-sqlite:///x/y.db}', {}, origin)).toBe('sqlite:///x/y.db');
  });

  test('a name that is not set is an error, and a price is not a name', () => {
    expect(() => expandEnvironment('${NOPE}', {}, origin)).toThrow(/NOPE is not set/);
    expect(expandEnvironment('costs $5 and pa$$word', {}, origin)).toBe('costs $5 and pa$$word');
  });
});
