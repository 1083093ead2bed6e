import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { millrace, millraceJson, startMillrace } from '../support/millrace-command.ts';
import { newProject, type NewProject } from '../support/new-project.ts';

let project: NewProject;
beforeEach(async () => {
  project = await newProject();
});
afterEach(() => project.remove());

interface RunJson {
  readonly runId: string;
  readonly state: string;
  readonly steps: readonly {
    readonly key: string;
    readonly state: string;
    readonly outcome?: { readonly rows?: number };
  }[];
}

describe('a new project', () => {
  test('checks, plans, runs and can be queried', async () => {
    const here = { cwd: project.folder };
    const checked = await millraceJson<{ counts: Record<string, number> }>(['check'], here);
    expect(checked.counts).toEqual({ table: 1, model: 1, check: 2, report: 1 });
    const planned = await millraceJson<{ steps: { key: string; explanation: string }[] }>(
      ['plan', '--sql'],
      here,
    );
    expect(planned.steps.map(({ key }) => key)).toEqual([
      'raw/orders',
      'revenue_by_city',
      'check/not_null_revenue_by_city_city',
      'check/unique_revenue_by_city_city',
      'report/revenue',
    ]);
    expect(planned.steps[1]?.explanation).toMatch(/create .*revenue_by_city/);

    const run = await millraceJson<RunJson>(['run'], here);
    expect(run.steps.map(({ state }) => state)).toEqual(Array(5).fill('succeeded'));
    const rows = await millraceJson<{ rows: unknown[][] }>(
      ['sql', "select city, revenue from {{ ref('revenue_by_city') }} order by revenue desc"],
      here,
    );
    expect(rows.rows).toEqual([
      ['New York', '380.50'],
      ['London', '162.25'],
      ['Helsinki', '19.99'],
    ]);
    const { runs } = await millraceJson<{ runs: { id: string }[] }>(['runs'], here);
    expect(runs.map(({ id }) => id)).toEqual([run.runId]);
    const stands = await millraceJson<{ nodes: { condition: string }[] }>(['status'], here);
    expect(new Set(stands.nodes.map(({ condition }) => condition))).toEqual(new Set(['current']));
    const reason = await millrace(['why', 'orders'], here);
    expect(reason.stdout).toMatch(/raw\/orders is current[^]*Schedule hourly/);
    expect(await millraceJson(['curate'], here)).toMatchObject({ unread: [], importance: expect.any(Array) });
  });

  test('sql reads and changes nothing', async () => {
    const here = { cwd: project.folder };
    await millraceJson<RunJson>(['run'], here);
    const refused = await millrace(['sql', '/* a comment */ drop table raw.orders'], here);
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('only reading statements') });
    const described = await millraceJson<{ rows: unknown[][] }>(['sql', 'describe raw.orders'], here);
    expect(described.rows).toHaveLength(5);
  });

  test('a selection runs a part, with its checks', async () => {
    const run = await millraceJson<RunJson>(['run', '+revenue_by_city'], { cwd: project.folder });
    expect(run.steps.map(({ key }) => key)).not.toContain('report/revenue');
    expect(run.steps).toHaveLength(4);
  });

  test('is not made in a folder that holds something', async () => {
    const again = await millrace(['init', '.'], { cwd: project.folder });
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('is not empty') });
  });

  test('piped output is plain: no colours, no cursor movements', async () => {
    const { stdout, stderr } = await millrace(['run'], { cwd: project.folder });
    expect(stdout + stderr).not.toContain('\u001B');
  });
});

describe('two runs at once', () => {
  test('both finish, and the table is written by one after the other', async () => {
    const here = { cwd: project.folder };
    const results = await Promise.all([0, 1, 2].map(() => startMillrace(['run', '--json'], here).result));
    for (const { code, stdout, stderr } of results) expect(code, stdout + stderr).toBe(0);
    const { runs } = await millraceJson<{ runs: { state: string }[] }>(['runs'], here);
    expect(runs.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded']);
    const rows = await millraceJson<{ rows: unknown[][] }>(['sql', 'select count(*) from raw.orders'], here);
    expect(rows.rows).toEqual([[5]]);
  });
});

describe('loads from the command line', () => {
  test('one stream, with a limit, outside of any project', async () => {
    await project.write('elsewhere/data/a.csv', 'id,name\n1,x\n2,y\n3,z\n');
    const cwd = `${project.folder}/elsewhere`;
    await project.write(
      'elsewhere/connections.yaml',
      'connections: {FILES: {type: file}, LAKE: {type: duckdb, path: lake.duckdb}}',
    );
    const single = [
      '--src-conn',
      'FILES',
      '--src-stream',
      'file://data/a.csv',
      '--tgt-conn',
      'LAKE',
      '--tgt-object',
      'main.a',
    ];
    const run = await millraceJson<RunJson>(
      ['--project', '.', 'run', ...single, '--mode', 'full-refresh', '-l', '2'],
      { cwd },
    );
    expect(run.steps.map(({ outcome }) => outcome?.rows)).toEqual([2]);
  });

  test('a replication file by itself', async () => {
    await project.write(
      'loads/orders.yaml',
      'source: FILES\ntarget: WAREHOUSE\nstreams:\n  file://data/orders.csv: {object: other.orders}\n',
    );
    const run = await millraceJson<RunJson>(['run', '-r', 'loads/orders.yaml'], { cwd: project.folder });
    expect(run.steps).toMatchObject([{ key: 'other/orders', state: 'succeeded' }]);
  });
});

test('runs of loads from the command line are shown too, also outside of a project', async () => {
  await project.write('elsewhere/a.csv', 'id\n1\n');
  await project.write(
    'elsewhere/connections.yaml',
    'connections: {FILES: {type: file}, LAKE: {type: duckdb, path: lake.duckdb}}',
  );
  const cwd = `${project.folder}/elsewhere`;
  const failed = await millrace(
    [
      'run',
      '--src-conn',
      'FILES',
      '--src-stream',
      'file://b.csv',
      '--tgt-conn',
      'LAKE',
      '--tgt-object',
      'main.a',
    ],
    { cwd },
  );
  expect(failed.code).toBe(2);
  const shown = await millrace(['runs', 'show', 'last'], { cwd });
  expect(shown.stdout).toContain('There is no file');
});

test('a schedule in a replication is one of the project', async () => {
  await project.edit(
    'replications/orders.yaml',
    '  mode: full-refresh',
    "  mode: full-refresh\n  schedule: '61 * * * *'",
  );
  const { code, stderr } = await millrace(['check'], { cwd: project.folder });
  expect(code).toBe(2);
  expect(stderr).toMatch(/replications\/orders\.yaml.*61 \* \* \* \*/);
});

test('a task that throws is named with its file and the cause', async () => {
  await project.write(
    'assets/fetch.ts',
    "import { defineTask } from 'millrace';\nexport default defineTask({ key: 'fetch', before: ['orders'], run: async () => { throw new Error('fetch failed', { cause: new Error('no route') }); } });\n",
  );
  const { code, stdout } = await millrace(['run'], { cwd: project.folder });
  expect(code).toBe(1);
  expect(stdout).toMatch(/assets\/fetch\.ts.*fetch failed: no route/);
});
