import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProjectError } from '../core/errors.ts';
import { readConnections } from './connection-sources.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-connections-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function read(text: string, environment: Record<string, string> = {}) {
  await writeFile(join(folder, 'connections.yaml'), text);
  return readConnections(folder, environment);
}

async function mistakes(text: string, environment: Record<string, string> = {}): Promise<string[]> {
  const error: unknown = await read(text, environment).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProjectError)) throw new Error('expected a ProjectError', { cause: error });
  return error.issues.map((issue) => `${issue.origin?.line} ${issue.code} ${issue.message}`);
}

describe('readConnections', () => {
  test('takes Sling shapes: keys, a url beside a type, and a bare url', async () => {
    const found = await read(
      [
        'connections:',
        '  PG: {type: postgresql, host: db, user: u, password: "${PG_PASSWORD}", database: d}',
        '  LAKE: duckdb:///lake.duckdb',
        '  CRM: {type: http, url: "${CRM_URL:-http://127.0.0.1:4010}"}',
        'variables: {PG_PASSWORD: from-file}',
      ].join('\n'),
    );
    expect(found.get('PG')).toMatchObject({
      type: 'postgres',
      config: { password: 'from-file' },
      origin: { line: 2 },
    });
    expect(found.get('LAKE')).toMatchObject({ type: 'duckdb', url: 'duckdb:///lake.duckdb' });
    expect(found.get('CRM')).toMatchObject({ type: 'http', config: { url: 'http://127.0.0.1:4010' } });
  });

  test('a DSN in the environment makes a connection and overrides a declared one', async () => {
    const found = await read('connections: {Pg: {type: sqlite, database: x.db}}', {
      PG: 'postgres://u:secret@h/d',
      OTHER: 'duckdb://o.duckdb',
      HOMEPAGE: 'https://example.com',
    });
    expect(found.get('PG')).toMatchObject({ name: 'Pg', type: 'postgres', url: 'postgres://u:secret@h/d' });
    expect(found.get('OTHER')?.type).toBe('duckdb');
    expect(found.has('HOMEPAGE')).toBe(false);
  });

  test('mistakes have lines, and all are told', async () => {
    expect(
      await mistakes(
        'connections:\n  A: {type: postgras}\n  B: {host: x}\n  C: {type: snowflake}\n  D: {type: sqlite, database: "${NOPE}"}',
      ),
    ).toEqual([
      "2 connection_type_unknown connection A: unknown type 'postgras', did you mean 'postgres'?",
      "3 connection_invalid connection B has neither a 'type' nor a 'url' that begins with one",
      "4 connection_type_unsupported connection C: type 'snowflake' is not yet supported",
      '5 environment_missing the environment variable NOPE is not set',
    ]);
    expect(await mistakes('conections: {}')).toEqual([
      "1 unknown_key unknown key 'conections', did you mean 'connections'?",
    ]);
  });

  test('no file is no mistake', async () => {
    expect([...(await readConnections(folder, {})).keys()]).toEqual(['LOCAL']);
  });
});
