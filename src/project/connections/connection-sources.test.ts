import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ProjectError } from '../../core/errors.ts';
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
      MILLRACE_LEDGER_URL: 'postgres://u:secret@h/ledger',
    });
    expect(found.get('PG')).toMatchObject({ name: 'Pg', type: 'postgres', url: 'postgres://u:secret@h/d' });
    expect(found.get('OTHER')?.type).toBe('duckdb');
    expect(found.has('HOMEPAGE')).toBe(false);
    expect(found.has('MILLRACE_LEDGER_URL')).toBe(false);
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

describe('other sources of connections', () => {
  const url = (name: string): string => `postgres://me@${name}/d`;
  const put = async (path: string, text: string): Promise<void> => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  const found = async (environment: Record<string, string> = {}) => {
    const all = await readConnections(join(folder, 'project'), {
      HOME: join(folder, 'home'),
      ...environment,
    });
    return Object.fromEntries(
      [...all.values()].map(({ name, url: at, origin }) => [name, [at, origin.file]]),
    );
  };

  test('later ones replace earlier ones, and each says where it is from', async () => {
    const names = (...list: string[]): string =>
      list.map((name) => `${name}: ${url(`h${list.length}`)}`).join(', ');
    await put(
      'home/.sling/env.yaml',
      `connections: {${names('A', 'B', 'C', 'D', 'E')}}\nvariables:\nother: 1`,
    );
    await put('project/connections.yaml', `connections: {${names('B', 'C', 'D', 'E')}}`);
    await put('project/.env.sling', `D=${url('h2')}\nE=${url('h2')}\n`);
    expect(await found({ SLING_ENV_YAML: `connections: {${names('C', 'D', 'E')}}`, E: url('h1') })).toEqual({
      LOCAL: [undefined, 'built in'],
      A: [url('h5'), '~/.sling/env.yaml'],
      B: [url('h4'), 'connections.yaml'],
      C: [url('h3'), 'environment variable SLING_ENV_YAML'],
      D: [url('h2'), '.env.sling'],
      E: [url('h1'), 'environment variable E'],
    });
    expect(await found({ SLING_HOME_DIR: folder })).not.toHaveProperty('A');
  });

  test('an empty env.yaml, as Sling makes it, is none', async () => {
    await put('home/.sling/env.yaml', '# Environment Credentials\nconnections:\n\nvariables:\n');
    expect(await found()).toEqual({ LOCAL: [undefined, 'built in'] });
  });

  test('what is wrong in a shared file matters to its own connection only', async () => {
    await put(
      'home/.sling/env.yaml',
      'connections:\n  SNOW: {type: snowflake, account: x}\n  PG: {type: postgres, host: h, password: "${NOPE}"}\n  OK: postgres://h/d',
    );
    const all = await readConnections(join(folder, 'project'), { HOME: join(folder, 'home') });
    expect(all.get('SNOW')).toMatchObject({
      type: 'snowflake',
      problem: { code: 'connection_type_unsupported' },
    });
    expect(all.get('PG')?.problem).toMatchObject({ code: 'environment_missing', origin: { line: 3 } });
    expect(all.get('OK')?.problem).toBeUndefined();
  });

  test('maps in variables are connections: JSON, YAML, and in base64', async () => {
    const json = JSON.stringify({ type: 'postgres', host: 'db', password: 'a$B{c' });
    const all = await readConnections(folder, {
      JSON_MAP: json,
      YAML_MAP: 'type: sqlite\ndatabase: x.db',
      BY_URL: '{url: "duckdb://x.duckdb"}',
      WRAPPED: `base64:${Buffer.from(json).toString('base64')}:46esab`,
      GOOGLE: '{"type": "service_account", "private_key": "x"}',
      NOTE: 'url: none of this',
      BROKEN: '{type: postgres',
    });
    expect([...all.keys()]).toEqual(['LOCAL', 'JSON_MAP', 'YAML_MAP', 'BY_URL', 'WRAPPED']);
    expect(all.get('WRAPPED')?.config).toEqual({ host: 'db', password: 'a$B{c' });
    expect(all.get('BY_URL')?.type).toBe('duckdb');
  });

  test('outputs of profiles.yml are connections', async () => {
    const profiles = `shop:
  target: dev
  outputs:
    dev: {type: postgres, host: h, user: me, pass: "{{ env_var('PG_PASS') }}", port: 5432, dbname: d, schema: s, threads: 4}
    file: {type: duckdb, path: "{{ env_var('NOPE', 'w.duckdb') }}", threads: 8}
    cloud: {type: bigquery, method: oauth}
    odd: {type: postgres, host: "{{ var('x') }}"}
config: {send_anonymous_usage_stats: false}
`;
    await put('home/.dbt/profiles.yml', profiles);
    const all = await readConnections(join(folder, 'project'), { HOME: join(folder, 'home'), PG_PASS: 'pw' });
    expect(all.get('SHOP/DEV')).toMatchObject({
      type: 'postgres',
      config: { host: 'h', password: 'pw', dbname: 'd', schema: 's' },
      origin: { file: '~/.dbt/profiles.yml' },
      shared: true,
    });
    expect(all.get('SHOP/DEV')?.config).not.toHaveProperty('threads');
    expect(all.get('SHOP/FILE')?.config).toEqual({ path: 'w.duckdb' });
    expect(all.get('SHOP/CLOUD')?.problem).toMatchObject({ code: 'connection_type_unsupported' });
    expect(all.get('SHOP/ODD')?.problem).toMatchObject({ code: 'profile_unreadable' });
  });
});
