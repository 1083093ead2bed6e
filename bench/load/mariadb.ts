// Measures a load of a wide table from MariaDB into DuckDB beside what the `mariadb` client needs to read the
// same rows, and writes result-mariadb.md.
//
//   node --conditions=@millrace/source bench/load/mariadb.ts [--rows 2000000] [--rounds 3] [--sling path/to/sling]
//
// Starts a server of its own. Needs Debian's mariadb-server, which has the client in it.

import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type MariaDbServer, startMariaDb } from '../../test/support/mariadb-server.ts';
import { millraceCommand, slingRoute, slingVersion } from './millrace-program.ts';
import { exitCodeOf, reportPage } from './report.ts';
import { measureRoute, type Route } from './route.ts';

const { values: options } = parseArgs({
  options: { rows: { type: 'string' }, rounds: { type: 'string', default: '3' }, sling: { type: 'string' } },
});
/** What result-mariadb.md is about; a smaller run is only printed. */
const recordedRows = 2_000_000;
const rows = Number(options.rows ?? recordedRows);
const rounds = Number(options.rounds);
const client = 'mariadb';
const floorText = 'mariadb --quick --batch shop -e "select * from wide" > /dev/null';
const loadText =
  'run --src-conn BENCH_SHOP --src-stream shop.wide --tgt-conn BENCH_WAREHOUSE --tgt-object main.wide --mode full-refresh';
const loadBefore = loadavg()[0] ?? 0;
const here = import.meta.dirname;
const server = await startMariaDb('--innodb-buffer-pool-size=1G');
if ('skip' in server) throw new Error(server.reason);
const folder = await mkdtemp(join(tmpdir(), 'millrace-bench-'));

try {
  await prepare(server);
  const route: Route = {
    name: 'MariaDB to DuckDB',
    limit: 1.6,
    floorCommand: floorCommand(server),
    command: millraceCommand(folder, loadText),
    ...slingRoute(options.sling, loadText),
    shownCommands: [
      floorText,
      `millrace ${loadText}`,
      ...(options.sling === undefined ? [] : [`sling ${loadText}`]),
    ],
    reset: async () => {
      for (const path of globSync(`${warehousePath()}*`)) await rm(path);
    },
  };
  const result = await measureRoute(route, rounds, environment(server));
  const text = reportPage(
    {
      title: 'A load beside the mariadb client',
      about: [`${rows.toLocaleString('en')} rows of \`wide-mariadb.sql\`.`],
      rows,
      versions: await versions(server),
      loadBefore,
    },
    [result],
  );
  if (rows === recordedRows) await writeFile(join(here, 'result-mariadb.md'), text);
  process.stdout.write(`\n${text}`);
  process.exitCode = exitCodeOf([result]);
} finally {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}

async function prepare(running: MariaDbServer): Promise<void> {
  process.stdout.write(`making ${rows} rows\n`);
  const script = await readFile(join(here, 'wide-mariadb.sql'), 'utf8');
  const statements = script.replaceAll(/^--.*$/gm, '').split(/;\s*\n/);
  await running.run(
    'set names utf8mb4',
    `set @rows = ${rows}`,
    ...statements.filter((sql) => sql.trim() !== ''),
  );
}

function environment({ url, password }: MariaDbServer): NodeJS.ProcessEnv {
  return {
    ...process.env,
    BENCH_SHOP: url,
    BENCH_WAREHOUSE: `duckdb://${warehousePath()}`,
    MYSQL_PWD: password,
    SLING_DISABLE_TELEMETRY: 'TRUE',
  };
}

function floorCommand({ port, user }: MariaDbServer): string {
  return floorText.replace(client, `${client} --no-defaults --host=127.0.0.1 --port=${port} --user=${user}`);
}

function warehousePath(): string {
  return join(folder, 'warehouse.duckdb');
}

async function versions(running: MariaDbServer): Promise<readonly string[]> {
  const [version] = await running.rows('select version()');
  const clientVersion = execFileSync(client, ['--version'], { encoding: 'utf8' }).trim();
  return [
    `MariaDB ${String(version?.[0])}`,
    clientVersion,
    `Node ${process.version}`,
    ...slingVersion(options.sling),
  ];
}
