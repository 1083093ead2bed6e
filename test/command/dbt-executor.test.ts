import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type CommandResult,
  millrace,
  millraceJson,
  startMillrace,
  type RunningCommand,
} from '../support/millrace-command.ts';
import { createTestDatabase } from '../support/postgres-database.ts';

const adapters = adaptersOfDbt();
const isMissing = (adapter: string): boolean => !adapters.includes(adapter);

/** What the dbt on PATH can build in; nothing when there is none. */
function adaptersOfDbt(): string {
  try {
    return execFileSync('dbt', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millrace-dbt-executor-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

function run(...args: readonly string[]): Promise<CommandResult> {
  return millrace(args, { cwd: folder });
}

interface Step {
  readonly key: string;
  readonly state: string;
  readonly outcome?: { readonly rows?: number; readonly metadata: Readonly<Record<string, unknown>> };
}

const models = {
  'transform/dbt_project.yml': 'name: shop\nversion: "1.0"\nprofile: not_read\n',
  'transform/models/schema.yml':
    'sources: [{ name: raw, tables: [{ name: orders }] }]\nmodels: [{ name: stg, columns: [{ name: id, data_tests: [unique] }] }]\n',
  'transform/models/stg.sql': "select * from {{ source('raw', 'orders') }}",
  'transform/models/revenue.sql':
    "{{ config(materialized='table') }} select city, sum(amount) as revenue from {{ ref('stg') }} group by city",
};

const whole = {
  ...models,
  'millrace.config.ts':
    "export default { name: 'shop', warehouse: 'WAREHOUSE', transform: { executor: 'dbt' } };\n",
  'data/orders.csv': 'id,city,amount\n1,Bern,10\n2,Oslo,20\n',
  'replications/shop.yaml':
    'source: LOCAL\ntarget: WAREHOUSE\nstreams: { "file://data/orders.csv": { object: raw.orders, mode: full-refresh } }\n',
  'reports/revenue.md': "# Revenue\n\n```sql revenue\nselect * from {{ ref('revenue') }}\n```\n",
};

describe.each(['duckdb', 'postgres'])('the dbt on PATH, on %s', (adapter) => {
  test.skipIf(isMissing(adapter))(
    `builds between a load and a report (skipped: no dbt with ${adapter} on PATH)`,
    async () => {
      const server = adapter === 'postgres' ? await createTestDatabase() : undefined;
      const warehouse = server ? `{ url: "${server.url}" }` : '{ type: duckdb, path: warehouse.duckdb }';
      await write({ ...whole, 'connections.yaml': `connections:\n  WAREHOUSE: ${warehouse}\n` });
      const ran = await run('run');
      expect(ran.stderr + ran.stdout).toContain('5 of 5 steps succeeded, 1 of 1 checks');
      const shown = await millraceJson<{ run: { steps: readonly Step[] } }>(['runs', 'show', 'last'], {
        cwd: folder,
      });
      expect(shown.run.steps.find(({ key }) => key === 'revenue')).toMatchObject({
        state: 'succeeded',
        outcome: { metadata: { executor: 'dbt', compiledSqlHash: expect.any(String) } },
      });
      const rows = await run('sql', "select city from {{ ref('revenue') }} order by city", '--json');
      expect(rows.stdout).toContain('Bern');
      const profiles = await readFile(join(folder, '.millrace/dbt/profiles.yml'), 'utf8');
      if (server) expect(profiles).toMatch(/password: "\{\{ env_var\(/);
      await server?.drop();
    },
  );
});

const byItself = {
  'dbt_project.yml': 'name: shop\nversion: "1.0"\nprofile: shop\n',
  'profiles.yml':
    'shop: { target: dev, outputs: { dev: { type: duckdb, path: shop.duckdb, schema: main } } }\n',
  'models/one.sql': 'select 1 as x',
};

describe('a dbt project by itself', () => {
  test.skipIf(isMissing('duckdb'))(
    'is built by dbt with --executor dbt (skipped: no dbt on PATH)',
    async () => {
      await write({ ...byItself, 'models/bad.sql': "select nothing from {{ ref('one') }}" });
      const built = await run('build', '--executor', 'dbt');
      expect(built.stdout).toContain('Done. PASS=1 WARN=0 ERROR=1 SKIP=0 TOTAL=2');
      expect(built.stdout).toContain('Referenced column "nothing" not found');
      expect(built.code).toBe(1);
      const manifest = JSON.parse(await readFile(join(folder, 'target/manifest.json'), 'utf8')) as {
        metadata: { dbt_version: string };
      };
      expect(adapters).toContain(manifest.metadata.dbt_version);
    },
  );

  /** A build that is amid a model which takes for ever. */
  async function longBuild(): Promise<RunningCommand> {
    await write({
      ...byItself,
      'models/long.sql':
        "{{ config(materialized='table') }} select count(*) as n from range(100000000) a, range(100000000) b",
    });
    const command = startMillrace(['build', '--executor', 'dbt'], { cwd: folder });
    await untilProcess('--target-path', true);
    await wait(3000);
    return command;
  }

  test.skipIf(isMissing('duckdb'))('Ctrl-C stops dbt too (skipped: no dbt on PATH)', async () => {
    const command = await longBuild();
    command.child.kill('SIGINT');
    expect((await command.result).code).not.toBe(0);
    await untilProcess('--target-path', false);
  });

  test.skipIf(isMissing('duckdb'))(
    'dbt does not outlive a killed Millrace (skipped: no dbt on PATH)',
    async () => {
      const command = await longBuild();
      command.child.kill('SIGKILL');
      await command.result;
      await untilProcess('--target-path', false);
      await rm(join(folder, 'models/long.sql'));
      const again = await run('build', '--executor', 'dbt');
      expect(again.stdout).toContain('PASS=1 WARN=0 ERROR=0');
    },
  );

  test('without a dbt says what to do', async () => {
    await write(byItself);
    const built = await millrace(['build', '--executor', 'dbt'], {
      cwd: folder,
      env: { PATH: dirname(process.execPath) },
    });
    expect(built.stdout).toContain('there is no "dbt" on PATH to build the models');
    expect(built.code).toBe(1);
  });
});

/** Waits until a process of this test's folder with that argument is there, or is gone. */
async function untilProcess(argument: string, isThere: boolean): Promise<void> {
  for (;;) {
    const list = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    const found = list.split('\n').some((line) => line.includes(argument) && line.includes(folder));
    if (found === isThere) return;
    await wait(100);
  }
}

describe('a dbt that replays', () => {
  test('is found on PATH, and its results are those of the run', async () => {
    const bin = join(folder, 'bin');
    await mkdir(bin);
    const support = fileURLToPath(new URL('../support/', import.meta.url));
    await symlink(join(support, 'replayed-dbt.mjs'), join(bin, 'dbt'));
    await write({
      ...byItself,
      'seeds/orders.csv': 'id\n1\n',
      'models/stg_orders.sql': "select * from {{ ref('orders') }}",
    });
    await rm(join(folder, 'models/one.sql'));
    const built = await millrace(['build', '--executor', 'dbt'], {
      cwd: folder,
      env: {
        PATH: [bin, dirname(process.execPath), process.env['PATH']].join(delimiter),
        REPLAY: JSON.stringify({ recording: join(support, 'dbt-recordings/dbt-2.0.events.jsonl') }),
      },
    });
    expect(built.stdout).toContain('PASS=2 WARN=0 ERROR=0 SKIP=0 TOTAL=2');
    expect(built.code).toBe(0);
  });
});
