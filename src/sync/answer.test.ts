import { describe, expect, it } from 'vitest';
import { classify, refusalText, retryAfterSeconds, rowResults } from './answer.ts';
import { deliveryRow } from './record.ts';
import type { Endpoint, ResultShape } from './sync.ts';

const shape: ResultShape = {
  list: 'data.results',
  key: 'id',
  status: 'status',
  error: 'error',
  successWords: ['ok'],
  reports: 'all',
};

function endpoint(results: Partial<ResultShape> & { key?: string }): Endpoint {
  return {
    method: 'POST',
    path: '/x',
    recordsKey: 'records',
    batchSize: 10,
    results: { ...shape, ...results },
  };
}

const mapping = {
  keys: [{ source: 'id', name: 'k_id', type: { type: 'int64' } as const }],
  fields: [
    { field: 'id', source: 'id', name: 'f_id', type: { type: 'int64' } as const, isKey: true },
    { field: 'value', source: 'value', name: 'f_value', type: { type: 'decimal' } as const, isKey: false },
  ],
};
const rows = [1, 2, 3, 4, 5].map((id) => deliveryRow([id, 'insert', id, id, '1.10'], mapping));

function answer(body: unknown) {
  return { status: 200, headers: {}, body: JSON.stringify(body) };
}

describe('answers', () => {
  it('are told apart by consequence', () => {
    expect([200, 207, 429, 408, 500, 503, 401, 404, 302, 400, 409, 413, 422].map(classify)).toEqual([
      'accepted',
      'accepted',
      'limited',
      'retry',
      'retry',
      'retry',
      'setup',
      'setup',
      'setup',
      'refused',
      'refused',
      'refused',
      'refused',
    ]);
  });

  it('tell how long to wait, in seconds or as a date', () => {
    const of = (value?: string) =>
      retryAfterSeconds(
        { status: 429, headers: value === undefined ? {} : { 'retry-after': value }, body: '' },
        Date.parse('2026-01-01T00:00:00Z'),
      );
    expect(of('7')).toBe(7);
    expect(of('Thu, 01 Jan 2026 00:00:30 GMT')).toBe(30);
    expect(of('Wed, 31 Dec 2025 00:00:00 GMT')).toBe(0);
    expect([of('soon'), of()]).toEqual([undefined, undefined]);
  });

  it('give results by key, with statuses of every form', () => {
    const results = [
      { id: 5, status: 503 },
      { id: '1', status: 201 },
      { id: 2, status: 'OK' },
      { id: 3, status: 'invalid', error: { reason: 'no e-mail' } },
    ];
    const found = rowResults(endpoint({}), rows, answer({ data: { results } }));
    expect(found.accepted.map((row) => row.sequence)).toEqual([1, 2]);
    expect(found.again.map((row) => row.sequence)).toEqual([5]);
    expect(found.refused.map(({ row, error }) => [row.sequence, error])).toEqual([
      [3, '{"reason":"no e-mail"}'],
      [4, 'the answer holds no result for it'],
    ]);
  });

  it('give results in order, or of failures only', () => {
    const { key: _, ...unkeyed } = shape;
    const ordered = { ...endpoint({}), results: unkeyed };
    const inOrder = rowResults(
      ordered,
      rows.slice(0, 2),
      answer({ data: { results: [{ status: true }, { status: false, error: 'x' }] } }),
    );
    expect([inOrder.accepted.length, inOrder.refused[0]?.row.sequence]).toEqual([1, 2]);
    const failures = rowResults(
      endpoint({ reports: 'failures' }),
      rows,
      answer({ data: { results: [{ id: 3, status: 422, error: 'x' }] } }),
    );
    expect([failures.accepted.length, failures.refused[0]?.status]).toEqual([4, 422]);
    expect(rowResults(endpoint({}), rows, answer({})).refused).toHaveLength(5);
  });

  it('are quoted in one short line', () => {
    expect(refusalText(answer({ error: 'bad' }))).toBe('bad');
    expect(refusalText({ status: 422, headers: {}, body: `<h1>${'x'.repeat(900)}` })).toHaveLength(500);
  });
});

describe('records', () => {
  it('keep exact numbers, and send of a delete only the key', () => {
    expect(deliveryRow([1, 'update', 1, 9007199254740993n, '12345678901234567890.10'], mapping).record).toBe(
      '{"id":9007199254740993,"value":12345678901234567890.10}',
    );
    expect(deliveryRow([1, 'delete', 1, 1, '2'], mapping).record).toBe('{"id":1}');
    expect(deliveryRow([1, 'insert', 1, Number.NaN, null], mapping).record).toBe('{"id":"NaN","value":null}');
  });

  it('have a hash of content, not of the moment', () => {
    const [a, b, c, d] = [
      deliveryRow([1, 'insert', 1, 1, '2'], mapping),
      deliveryRow([9, 'update', 1, 1, '2'], mapping),
      deliveryRow([1, 'insert', 1, 1, '3'], mapping),
      deliveryRow([1, 'delete', 1, 1, '2'], mapping),
    ];
    expect(a.hash).toBe(b.hash);
    expect(new Set([a.hash, c.hash, d.hash]).size).toBe(3);
  });
});
