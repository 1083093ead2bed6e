import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { millrace, millraceJson } from '../support/millrace-command.ts';
import { newProject, type NewProject } from '../support/new-project.ts';
import { createTestDatabase } from '../support/postgres-database.ts';

let project: NewProject;
beforeEach(async () => {
  project = await newProject();
});
afterEach(() => project.remove());

const database = await createTestDatabase();
afterAll(() => database.drop());

interface Mistake {
  readonly what: string;
  readonly make: (project: NewProject) => Promise<void>;
  readonly code: number;
  /** The message names the place and what to do. */
  readonly says: readonly RegExp[];
}

const mistakes: readonly Mistake[] = [
  {
    what: 'a misspelt key in a replication',
    make: ({ edit }) =>
      edit('replications/orders.yaml', 'mode:', 'meta: { millrace: { resume_hour: 1 } }\n  mode:'),
    code: 2,
    says: [
      /replications\/orders\.yaml:5:\d+: unknown key 'resume_hour', did you mean 'resume_hours'\?/,
      /millrace check/,
    ],
  },
  {
    what: 'a key of Sling that is not built yet',
    make: ({ edit }) => edit('replications/orders.yaml', 'mode: full-refresh', 'mode: change-capture'),
    code: 2,
    says: [/replications\/orders\.yaml:5:\d+: .*change-capture.* not yet supported/],
  },
  {
    what: 'a missing connection',
    make: ({ edit }) => edit('replications/orders.yaml', 'source: FILES', 'source: FILE'),
    code: 2,
    says: [/replications\/orders\.yaml:1:9: there is no connection 'FILE', did you mean 'FILES'\?/],
  },
  {
    what: 'a broken template',
    make: ({ write }) => write('transform/models/bad.sql', 'select {{ ref( }}'),
    code: 2,
    says: [/^error transform\/models\/bad\.sql:1:16: /],
  },
  {
    what: 'a reference to nothing',
    make: ({ write }) => write('transform/models/bad.sql', "select 1\nfrom {{ ref('revenue_by_town') }}"),
    code: 2,
    says: [/transform\/models\/bad\.sql:2:\d+: .*revenue_by_town/, /revenue_by_city/],
  },
  {
    what: 'text that is not UTF-8',
    make: ({ write }) =>
      write('transform/models/bad.sql', Buffer.from("select 1 as a,\n  'caf\xe9' as b", 'latin1')),
    code: 2,
    says: [/transform\/models\/bad\.sql:2: the text is not UTF-8/],
  },
  {
    what: 'a folder that cannot be read',
    make: ({ write }) => write('syncs', 'a file where a folder is expected'),
    code: 2,
    says: [/syncs: cannot be read \(ENOTDIR\)/],
  },
  {
    what: 'a circle',
    make: async ({ write }) => {
      await write('transform/models/a.sql', "select * from {{ ref('b') }}");
      await write('transform/models/b.sql', "select * from {{ ref('a') }}");
    },
    code: 2,
    says: [/a -> b -> a/, /transform\/models\/a\.sql:1/, /transform\/models\/b\.sql:1/],
  },
  {
    what: 'a schedule that cannot be',
    make: ({ edit }) => edit('millrace.config.ts', '0 * * * *', '99 * * * *'),
    code: 2,
    says: [/millrace\.config\.ts: .*hourly.*99/],
  },
  {
    what: 'TypeScript that does not parse',
    make: ({ write }) => write('assets/task.ts', 'export const x: = 1;'),
    code: 2,
    says: [/assets\/task\.ts.*cannot be loaded/],
  },
  {
    what: 'a pool that is not there',
    make: ({ write }) =>
      write(
        'assets/task.ts',
        "import { defineTask } from 'millrace';\nexport default defineTask({ key: 't', pool: 'slow', run: async () => {} });\n",
      ),
    code: 2,
    says: [/assets\/task\.ts: task\/t is in the pool 'slow'/],
  },
  {
    what: 'a chart of a query that is not there',
    make: ({ edit }) => edit('reports/revenue.md', 'query="revenue"', 'query="revenu"'),
    code: 2,
    says: [/reports\/revenue\.md:12.*revenu/, /revenue/],
  },
  {
    what: 'SQL that the database refuses',
    make: ({ write }) => write('transform/models/bad.sql', 'select * frm x'),
    code: 1,
    says: [/transform\/models\/bad\.sql:1: .*syntax error/],
  },
  {
    what: 'a CSV with a broken row',
    make: ({ edit }) =>
      edit('data/orders.csv', '2,Grace,New York,80.50,2026-01-06', '2,Grace,New York,80.50,2026-01-06,9,9'),
    code: 1,
    says: [/orders\.csv, line 3: /, /Nothing was published/],
  },
  {
    what: 'a file that is not there',
    make: ({ edit }) => edit('replications/orders.yaml', 'data/orders.csv', 'data/order.csv'),
    code: 2,
    says: [/replications\/orders\.yaml:8:3: There is no file .*order\.csv/],
  },
  {
    what: 'a column that disappeared',
    make: ({ edit }) => edit('data/orders.csv', ',city,', ',town,'),
    code: 1,
    says: [/transform\/models\/revenue_by_city\.sql.*city/],
  },
  {
    what: 'a failing test',
    make: ({ edit }) => edit('data/orders.csv', 'Ada,London,120.00', 'Ada,,120.00'),
    code: 1,
    says: [/not_null_revenue_by_city_city/, /1 failing row/],
  },
];

describe('bad input', () => {
  test.each(mistakes.map((mistake) => [mistake.what, mistake] as const))('%s', async (_, mistake) => {
    await millraceJson(['run'], { cwd: project.folder });
    await mistake.make(project);
    const { code, stdout, stderr } = await millrace(['run'], { cwd: project.folder });
    const said = stdout + stderr;
    expect(code, said).toBe(mistake.code);
    for (const pattern of mistake.says) expect(said).toMatch(pattern);
    expect(said).not.toMatch(/\n\s+at .*\.ts:\d+/);

    const left = await millrace(
      ['sql', "select table_name from information_schema.tables where table_name ~ '_millrace_stage|__dbt_'"],
      {
        cwd: project.folder,
      },
    );
    if (left.code === 0) expect(left.stdout.trim().split('\n')).toHaveLength(2);
  });

  test.each([
    [
      'a misspelt key',
      'type: postgres, user: me, pasword: sesame-opens',
      /connections\.yaml:4:3: .*'pasword', did you mean 'password'/,
    ],
    [
      'a password that is not encoded',
      "url: 'postgres://me:sesame-opens#/x@127.0.0.1:1/d'",
      /connections\.yaml:4:3: connection WAREHOUSE: its URL cannot be read/,
    ],
    [
      'a % that begins nothing',
      "url: 'postgres://me:sesame-opens%zz@127.0.0.1:1/d'",
      /connections\.yaml:4:3: connection WAREHOUSE: its URL cannot be read/,
    ],
  ])('check tells %s of a connection without what is secret', async (_, entry, says) => {
    await project.write(
      'connections.yaml',
      `connections:\n  FILES:\n    type: file\n  WAREHOUSE: {${entry}}\n`,
    );
    const checked = await millrace(['check'], { cwd: project.folder });
    const planned = await millrace(['plan', '--sql'], { cwd: project.folder });
    expect(checked.code, checked.stdout).toBe(2);
    expect(checked.stderr).toMatch(says);
    expect(checked.stdout + checked.stderr + planned.stdout + planned.stderr).not.toContain('sesame');
  });

  test.each([
    ['postgres://me:sesame@127.0.0.1:1/d', 3, /POSTGRES_127_0_0_1_1_D: 127.0.0.1:1 cannot be reached/],
    ['postgras://me:sesame@127.0.0.1:1/d', 2, /unknown type 'postgras', did you mean 'postgres'/],
    ['snowflake://me:sesame@127.0.0.1:1/d', 2, /type 'snowflake' is not yet supported/],
  ])('a URL in the place of a name is a connection, and not repeated: %s', async (url, code, message) => {
    const load = ['--src-stream', 'a.b', '--tgt-conn', 'WAREHOUSE', '--tgt-object', 'a.b'];
    const result = await millrace(['run', '--src-conn', url, ...load], {
      cwd: project.folder,
      env: { SLING_RETRIES: '0' },
    });
    expect(result.code).toBe(code);
    expect(result.stdout + result.stderr).toMatch(message);
    expect(result.stdout + result.stderr).not.toContain('sesame');
  });

  test('a wrong password is told without the password, and not tried again', async () => {
    const url = new URL(database.url);
    url.password = 'sesame-opens-not';
    url.username = 'nobody';
    await project.edit(
      'connections.yaml',
      '    type: duckdb\n    path: warehouse.duckdb',
      `    url: ${url.href}`,
    );
    const { code, stdout, stderr } = await millrace(['run'], { cwd: project.folder });
    const { stdout: shown } = await millrace(['runs', 'show', 'last', '--logs', '--json'], {
      cwd: project.folder,
    });
    expect(code, stdout).toBe(2);
    expect(stdout).toMatch(/WAREHOUSE.*nobody/);
    expect(stdout + stderr + shown).not.toContain('sesame');
    expect(JSON.parse(shown)).toMatchObject({
      run: { state: 'failed', steps: [{ attempt: 1, state: 'failed' }, {}, {}, {}, {}] },
    });
  });
});
