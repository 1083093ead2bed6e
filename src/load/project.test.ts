import { describe, expect, test } from 'vitest';
import { ProjectError } from '../core/errors.ts';
import { readReplication } from './project.ts';
import type { StreamConfig } from './replication/replication.ts';
import { selectStreams } from './replication/stream-selection.ts';

const head = 'source: SHOP\ntarget: WAREHOUSE\n';

function read(text: string, environment: Record<string, string> = {}): readonly StreamConfig[] {
  return readReplication(text, 'replications/shop.yaml', environment).streams;
}

function mistakes(text: string): string[] {
  try {
    read(text);
    return [];
  } catch (error) {
    if (!(error instanceof ProjectError)) throw error;
    return error.issues.map((issue) => `${issue.origin?.line} ${issue.code} ${issue.message}`);
  }
}

function warnings(text: string): readonly string[] {
  const found = readReplication(text, 'replications/shop.yaml', {}).warnings;
  return found.map(({ message, origin }) => `${origin.line} ${message}`);
}

describe('inheritance', () => {
  test('a present key wins, option blocks merge, a null stream takes the defaults', () => {
    const [plain, own] = read(`${head}
defaults:
  mode: incremental
  object: raw.{stream_table}
  primary_key: [id]
  target_options: { column_casing: snake, add_new_columns: false }
  columns: { price: 'decimal(12,2)', note: text }
streams:
  public.orders:
  public.users:
    primary_key: user_id
    update_key: updated_at
    target_options: { column_casing: source }
    columns: { +age: integer, +note: ~ }
`);
    expect(plain).toMatchObject({
      mode: 'incremental',
      object: 'raw.{stream_table}',
      primaryKey: ['id'],
      casts: { price: { type: 'decimal', precision: 12, scale: 2 }, note: { type: 'text' } },
    });
    expect(own).toMatchObject({
      primaryKey: ['user_id'],
      updateKey: 'updated_at',
      target: { columnCasing: 'source', addNewColumns: false },
      casts: { price: { type: 'decimal', precision: 12, scale: 2 }, age: { type: 'int32' } },
    });
    expect(own?.casts).not.toHaveProperty('note');
  });

  test('columns without + replace those of the defaults', () => {
    const [stream] = read(`${head}
defaults: { object: 'raw.{stream_table}', columns: { a: int } }
streams: { s.t: { columns: [ 'b: bigint' ] } }
`);
    expect(stream?.casts).toEqual({ b: { type: 'int64' } });
  });

  test('a blank mode is incremental when there is a key, else full-refresh', () => {
    const modes = read(`${head}
defaults: { object: 'raw.{stream_table}' }
streams:
  a: { primary_key: id }
  b: { mode: '' }
  c: { update_key: at }
`).map((stream) => stream.mode);
    expect(modes).toEqual(['incremental', 'full-refresh', 'incremental']);
  });
});

describe('environment', () => {
  test('env values come from the shell and fill the file', () => {
    const replication = readReplication(
      'source: ${FROM}\ntarget: W\nenv: { AREA: "${SHELL_AREA}", DAYS: 7 }\nstreams: { a: { object: "${AREA}.a", where: "age < ${DAYS}" } }\n',
      'r.yaml',
      { FROM: 'SHOP', SHELL_AREA: 'raw' },
    );
    expect(replication.source).toBe('SHOP');
    expect(replication.streams[0]).toMatchObject({ object: 'raw.a', where: 'age < 7' });
  });

  test('a variable that is not set is an error with its line', () => {
    expect(mistakes(`${head}streams:\n  a:\n    object: x.\${NOPE_X}\n`)).toEqual([
      '5 environment_missing the environment variable NOPE_X is not set',
    ]);
  });
});

describe('mistakes', () => {
  test('a key that Sling would not know is passed over, with a warning that names its line and the right word', () => {
    expect(warnings(`${head}streams:\n  a:\n    object: x.a\n    primry_key: id\n`)).toEqual([
      "6 unknown key 'primry_key', did you mean 'primary_key'? It is ignored",
    ]);
    expect(
      warnings(
        `${head}defaults:\n  source_options: { delimeter: ';' }\nsource_options: {}\nstreams: { a: { object: b }, c: { object: d } }\n`,
      ),
    ).toEqual([
      "4 unknown key 'delimeter', did you mean 'delimiter'? It is ignored",
      "5 unknown key 'source_options', it is ignored",
    ]);
  });

  test('so is a key of a hook; one of ours is an error', () => {
    const end =
      'hooks:\n  end:\n    - { type: log, message: a }\n    - type: group\n      steps:\n        - { type: query, query: select 1, on_error: warn }\n';
    expect(warnings(`${head}${end}streams: { a: { object: b } }\n`)).toEqual([
      "8 hooks.end[1].steps[0]: unknown key 'on_error', it is ignored",
    ]);
    const ours = `${head}streams: { a: { object: b, meta: { millrace: { settle_delay: 3 } } } }\n`;
    expect(mistakes(ours)[0]).toMatch(/^3 unknown_key unknown key 'settle_delay'/);
  });

  test.each([
    ['streams: public.big\n', "3 'streams': this is text, and a map belongs here"],
    ['streams: [a]\n', "3 'streams': this is a list, and a map belongs here"],
    ['streams: { a: raw.a }\n', "3 'streams.a': this is text, and a map belongs here"],
    ['streams: { a: { object: b, select: 5 } }\n', "3 'streams.a.select': text or a list belongs here"],
    [
      'defaults: full-refresh\nstreams: { a: { object: b } }\n',
      "3 'defaults': this is text, and a map belongs here",
    ],
    [
      'streams: { a: { object: b, mode: full_refresh } }\n',
      "3 unknown mode 'full_refresh', did you mean 'full-refresh'?",
    ],
    [
      'streams: { a: { object: b, source_options: { limit: ten } } }\n',
      "3 'streams.a.source_options.limit': a number belongs here",
    ],
  ])('%s', (rest, expected) => {
    expect(mistakes(`${head}${rest}`).map((line) => line.replace(' invalid_value', ''))).toEqual([expected]);
  });

  test('YAML of old has more words for true and false, and numbers may be quoted', () => {
    const [stream] = read(
      `${head}streams: { a: { object: b, disabled: yes, single: off, source_options: { header: "no", limit: "10" } } }\n`,
    );
    expect(stream).toMatchObject({
      disabled: true,
      single: false,
      limit: 10,
      sourceOptions: { header: false },
    });
  });

  test('a pipeline among the replications', () => {
    const read = () => readReplication('env: {}\nsteps: [{ type: log, message: a }]\n', 'r.yaml', {});
    expect(read).toThrow(
      expect.objectContaining({ code: 'pipeline_misplaced', origin: { file: 'r.yaml', line: 2 } }),
    );
  });

  test('a hook that lacks a key, and one of a wrong value', () => {
    const hook = (text: string) => `${head}hooks:\n  start:\n    - ${text}\nstreams: { a: { object: b } }\n`;
    expect(mistakes(hook('{ type: query }'))).toEqual(["5 invalid_value hooks.start[0]: 'query' is missing"]);
    expect(mistakes(hook('{ message: a }'))).toEqual(["5 invalid_value hooks.start[0]: 'type' is missing"]);
    expect(mistakes(hook('{ type: log, message: a, on_failure: stop }'))[0]).toMatch(
      /^5 invalid_value hooks\.start\[0\]\.on_failure: /,
    );
  });

  test('a variable of the environment that is not set is empty in env, and no connection', () => {
    const text = `source: '{FROM}'\ntarget: WAREHOUSE\nenv: { FROM: '\${NOPE_Y}' }\nstreams: { a: { object: b } }\n`;
    expect(mistakes(text)).toEqual([
      "1 environment_missing '{FROM}' names no connection, because the variable is empty",
    ]);
    expect(warnings(text.replace("'{FROM}'", 'SHOP'))).toEqual([
      '3 the environment variable NOPE_Y is not set: it is empty in env.FROM',
    ]);
  });

  test('incremental without a key, a stream without an object, no streams', () => {
    expect(mistakes(`${head}streams:\n  a: { mode: incremental, object: b }\n  c:\n`)).toEqual([
      "4 key_missing the stream 'a' is incremental and has neither primary_key nor update_key",
      "5 object_missing the stream 'c' has no object, so it is not known where its rows go",
    ]);
    expect(mistakes(`${head}streams: {}\n`)).toEqual(['3 streams_missing the replication has no streams']);
  });

  test('a table as sql is all of it; value_len is a length', () => {
    const [stream] = read(
      `${head}streams: { a: { sql: public.b, object: c.d, columns: { x: 'string | value_len == 3' } } }\n`,
    );
    expect(stream).toMatchObject({
      sql: 'select * from public.b',
      rules: { x: { check: 'length(value) == 3' } },
    });
  });

  test('an unknown type and an unknown mode', () => {
    expect(mistakes(`${head}streams:\n  a: { object: b, columns: { x: strnig } }\n`)[0]).toMatch(
      /^4 type_unknown column 'x' has the unknown type 'strnig'/,
    );
    expect(mistakes(`${head}streams:\n  a: { object: b, mode: replace }\n`)[0]).toMatch(/^4 invalid_value/);
  });

  const tableKeys = [
    'cluster',
    'partition',
    'sort',
    'distribution',
    'hash',
    'duplicate',
    'aggregate',
    'update',
  ];
  const unbuilt: readonly (readonly [string, string])[] = [
    ...['change_capture_options: { soft_delete: true }'].map(
      (line) => [line.split(':')[0] ?? '', line] as const,
    ),
    ...['change-capture'].map((mode) => [`mode: ${mode}`, `mode: ${mode}`] as const),
  ];

  test.each(unbuilt)('%s is refused by name, with a line and an alternative', (key, line) => {
    expect(mistakes(`${head}streams:\n  a:\n    object: raw.a\n    ${line}\n`)).toEqual([
      `6 not_yet_supported '${key}' is not yet supported`,
    ]);
    expect(mistakes(`${head}defaults:\n  ${line}\nstreams:\n  a: { object: raw.a }\n`)).toEqual([
      `4 not_yet_supported '${key}' is not yet supported`,
    ]);
  });

  test.each(tableKeys)('table_keys.%s, a key of other systems, is passed over with a warning', (key) => {
    const [warning] = warnings(
      `${head}streams:\n  a:\n    object: raw.a\n    target_options: { table_keys: { ${key}: [a] } }\n`,
    );
    expect(warning).toMatch(`6 table_keys.${key} is a key of `);
  });

  test('what is about merges is passed over where rows are not merged', () => {
    const options = 'target_options: { merge_strategy: insert, delete_missing: hard }';
    const text = `${head}streams:\n  a: { object: b, mode: full-refresh, ${options} }\n`;
    expect(warnings(text)).toHaveLength(2);
    expect(read(text)[0]?.target).not.toHaveProperty('mergeStrategy');
    expect(read(text)[0]?.target).not.toHaveProperty('deleteMissing');
  });

  test('hooks of streams at the root are refused by name, switches in env are told', () => {
    const rest = 'streams: { a: { object: b } }\n';
    expect(mistakes(`${head}hooks: { start: [{ type: lgo, message: a }] }\n${rest}`)).toEqual([
      "3 invalid_value hooks.start[0].type: unknown type 'lgo', did you mean 'log'?",
    ]);
    expect(warnings(`${head}env: { SLING_PROXY: a }\n${rest}`)[0]).toMatch(
      /^3 env\.SLING_PROXY is not obeyed/,
    );
    const [stream] = read(`${head}env: { SLING_THREADS: 3, SLING_STATE: W/state }\n${rest}`);
    expect(stream?.remarks).toEqual([
      expect.stringMatching(/^SLING_THREADS: obeyed when the file is run by itself/),
      expect.stringMatching(/^SLING_STATE: watermarks are kept in the target/),
    ]);
    expect(mistakes(`${head}hooks: { pre: [] }\n${rest}`)[0]).toMatch(/^3 unknown_key/);
  });
});

describe('selectStreams', () => {
  const replication = readReplication(
    `${head}defaults: { object: 'raw.{stream_table}' }
streams:
  public.orders: { id: o, tags: [daily] }
  public.users: { tags: [daily, small] }
  audit.log:
`,
    'r.yaml',
    {},
  );
  const names = (patterns: string[]): string[] =>
    selectStreams(replication, patterns).streams.map((stream) => stream.name);

  test('names, ids, globs and tags', () => {
    expect(names([])).toHaveLength(3);
    expect(names(['o', 'audit.log'])).toEqual(['public.orders', 'audit.log']);
    expect(names(['public.*', '-tag:small'])).toEqual(['public.orders']);
    expect(names(['tag:daily'])).toEqual(['public.orders', 'public.users']);
  });

  test('one stream, or some, of a wildcard, and all but some', () => {
    const wild = readReplication(
      `${head}streams:\n  public.*: { object: 'raw.{stream_table}', tags: [t] }\n  public.log: { object: raw.l }\n`,
      'r.yaml',
      {},
    );
    const chosen = (...patterns: string[]): readonly string[] =>
      selectStreams(wild, patterns).streams.map(({ name, disabled }) => (disabled ? `not ${name}` : name));
    expect(chosen('public.orders')).toEqual(['public.orders']);
    expect(chosen('public.ord_*', 'public.log')).toEqual(['public.log', 'public.ord_*']);
    expect(chosen('public.*')).toEqual(['public.*', 'public.log']);
    expect(chosen('-public.tmp_*')).toEqual(['public.*', 'public.log', 'not public.tmp_*']);
    expect(chosen('-public.log')).toEqual(['public.*', 'not public.log']);
    expect(chosen('tag:t')).toEqual(['public.*', 'not public.log']);
    expect(() => chosen('audit.orders')).toThrow(/no stream of r.yaml fits 'audit.orders'/);
  });

  test('a pattern that fits nothing is an error', () => {
    expect(() => names(['public.order'])).toThrow(/did you mean 'public.orders'/);
  });
});

test('variables of the file are filled in options, keys and columns', () => {
  const [stream] = read(
    `${head}env: { FORMAT: parquet, key: id }\nstreams: { a: { object: 'x/{FORMAT}', primary_key: '{key}', target_options: { format: '{env.FORMAT}' } } }\n`,
  );
  expect(stream).toMatchObject({
    object: 'x/{FORMAT}',
    primaryKey: ['id'],
    target: { file: { format: 'parquet' } },
  });
});

describe('variables in names', () => {
  const text = `source: '{FROM}'\ntarget: '{env.TO}'\nenv: { TO: WAREHOUSE }\ndefaults: { mode: '{MODE}' }\nstreams: { a: { object: raw.a } }\n`;

  test('source, target and mode may be named by a variable', () => {
    const replication = readReplication(text, 'a.yaml', { FROM: 'SHOP', MODE: 'truncate' });
    expect(replication).toMatchObject({
      source: 'SHOP',
      target: 'WAREHOUSE',
      streams: [{ mode: 'truncate' }],
    });
  });

  test('a variable that names no mode is told with its line', () => {
    expect(() => readReplication(text, 'a.yaml', { FROM: 'SHOP', MODE: 'trunkate' })).toThrow(ProjectError);
  });
});
