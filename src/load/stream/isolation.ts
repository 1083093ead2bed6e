import type { IsolationLevel } from '../../connector/connection.ts';
import type { Dialect } from '../../sql/dialect.ts';
import type { StreamConfig } from '../replication/replication.ts';
import { notYetSupported } from '../replication/unsupported.ts';

/**
 * The level of the transaction that publishes; undefined when the system's own is at least as strict.
 * @throws ConfigError for one that the system cannot promise
 */
export function isolationOf(
  { name }: Dialect,
  { target, origin }: Pick<StreamConfig, 'target' | 'origin'>,
): IsolationLevel | undefined {
  const { isolationLevel: asked } = target;
  if (asked === undefined || asked === 'default' || name === 'sqlite') return undefined;
  if (name !== 'duckdb') return asked === 'snapshot' ? 'repeatable read' : levels[asked];
  if (asked !== 'serializable') return undefined;
  throw notYetSupported(
    'isolation_level: serializable on DuckDB',
    'Leave it out: transactions there see a snapshot, and one load at a time goes into a table',
    origin,
  );
}

const levels = {
  read_uncommitted: 'read uncommitted',
  read_committed: 'read committed',
  repeatable_read: 'repeatable read',
  serializable: 'serializable',
} as const;
