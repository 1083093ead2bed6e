import { ConfigError, TransientError, type Failure } from '../../core/errors.ts';
import type { Project } from '../../project/reading/project.ts';
import { openLedger } from '../../project/session/session.ts';
import { queryConnection } from '../../project/session/query.ts';
import type { TablePayload } from '../../server/index.ts';
import { withPool } from './connections.ts';
import { openProject, type Place } from './open-project.ts';
import { formatTable, printJson, printLine } from '../terminal/output.ts';

export interface SqlOptions extends Place {
  readonly query: string;
  readonly connection?: string;
  readonly limit: number;
  readonly json: boolean;
}

/** Runs a query. A warehouse file that a `millrace dev` holds open is asked through it. */
export async function sql(options: SqlOptions): Promise<void> {
  const project = await openProject(options);
  const result = (await askOwner(project, options)) ?? (await askDirectly(project, options));
  if (options.json) return printJson(result);
  printLine(
    formatTable(
      result.columns.map(({ name }) => name),
      result.rows.map((row) => row.map((value) => displayed(value))),
    ),
  );
  if (result.rows.length === options.limit) printLine(`(the first ${options.limit} rows; more with --limit)`);
}

async function askDirectly(project: Project, options: SqlOptions): Promise<TablePayload> {
  return withPool(project, (pool) =>
    queryConnection(project, pool.get, options.query, options.limit, options.connection),
  );
}

async function askOwner(project: Project, options: SqlOptions): Promise<TablePayload | undefined> {
  if (options.connection !== undefined || project.warehouse?.type !== 'duckdb') return undefined;
  const store = await openLedger(project.folder);
  const { holder: owner } = await store.readOwnership();
  await store.close();
  if (!owner?.address || owner.expiresAtMs < Date.now()) return undefined;
  const response = await fetch(`${owner.address}/api/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sql: options.query, limit: options.limit }),
  }).catch(() => undefined);
  if (!response) return undefined;
  const body = (await response.json()) as TablePayload | { error: Failure };
  if (!('error' in body)) return body;
  const { kind, message, ...detail } = body.error;
  throw kind === 'transient' ? new TransientError(message, detail) : new ConfigError(message, detail);
}

function displayed(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === null || value === undefined ? '' : JSON.stringify(value);
}
