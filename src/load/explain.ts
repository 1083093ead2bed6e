import type { ConnectionProvider } from '../connector/connection.ts';
import type { RunOptions } from '../core/plan.ts';
import type { ChunkPlan } from './chunks/chunk-plan.ts';
import type { NodeOptions } from './nodes.ts';
import { planStream } from './plan/plan-stream.ts';
import type { StreamPlan } from './plan/stream-plan.ts';
import type { Replication } from './replication/replication.ts';
import { hookServices } from './run.ts';
import { streamTasks } from './stream-tasks.ts';
import type { PartitionWindow } from './stream/partition-window.ts';
import { formatWatermark } from './stream/watermark.ts';

export interface ExplainOptions extends NodeOptions {
  readonly run: RunOptions;
  /** Only this one, as it is written in the file. */
  readonly stream?: string;
  /** The partitions that a step of it would load. */
  readonly window?: PartitionWindow | undefined;
}

/**
 * What loading a replication would do: catalogues and watermarks are read, nothing is changed.
 * @throws the errors that the run would throw while planning
 */
export async function explainLoad(
  replication: Replication,
  connections: ConnectionProvider,
  options: ExplainOptions,
): Promise<readonly StreamPlan[]> {
  const plans: StreamPlan[] = [];
  const asked = replication.streams.filter(
    ({ name, disabled }) => !disabled && (options.stream === undefined || name === options.stream),
  );
  for (const stream of asked) {
    const tasks = await streamTasks({
      replication,
      stream,
      connections: options.connections,
      services: hookServices(connections, options),
      options: options.run,
      idempotencyKey: 'explain',
      window: options.window,
      run: { id: 'explain', startedAtMs: Date.now() },
    });
    for (const task of tasks) plans.push(await planStream(task));
  }
  return plans;
}

/** A plan for people to read. */
export function formatStreamPlan(plan: StreamPlan): string {
  const { table, connection, type } = plan.target;
  const target = table.schema === '' ? table.name : `${table.schema}.${table.name}`;
  const columns = plan.columns.map(({ source, name, type: wanted }) => {
    const rename = source.name === name ? '' : ` -> ${name}`;
    const cast = wanted === source.type ? '' : ` as ${wanted.type}`;
    return `    ${source.name} ${source.type.type}${rename}${cast}`;
  });
  return [
    `${plan.stream} (${plan.source.connection}, ${plan.source.type}) -> ${target} (${connection}, ${type})`,
    `  mode       ${plan.mode}`,
    `  lane       ${plan.lane.format}: ${plan.lane.reason}`,
    `  reads      ${stretchRead(plan)}`,
    ...(plan.chunks ? [`  chunks     ${formatChunks(plan.chunks)}`] : []),
    ...(plan.read.where === undefined ? [] : [`  where      ${plan.read.where}`]),
    ...(plan.read.limit === undefined ? [] : [`  limit      ${plan.read.limit} rows`]),
    ...(plan.read.sql === undefined ? [] : [`  query      ${plan.read.sql}`]),
    '  columns',
    ...columns,
    `  stage      ${plan.stage.name}`,
    `  publish    ${plan.publication?.method ?? 'rename: the new file takes the place of the old one'}`,
    ...(plan.publication?.schemaChanges ?? []).map((change) => `  change     ${change}`),
    ...(plan.publication?.statements ?? []).map((statement) => `    ${statement.sql};`),
    ...plan.remarks.map((remark) => `  note       ${remark}`),
  ].join('\n');
}

function stretchRead({ read: { along }, watermarkBefore, watermarkOrigin }: StreamPlan): string {
  if (!along) return 'everything';
  const { updateKey, range } = along;
  if (!range) {
    const watermark = `${formatWatermark(watermarkBefore)}, ${watermarkOrigin}`;
    return `${updateKey.name} from the watermark (${watermark}) to the newest value at the start`;
  }
  const { from = 'the first', to = 'the last', before } = range;
  return `${updateKey.name} from ${from} ${before === undefined ? `to ${to}` : `up to, without, ${before}`}`;
}

function formatChunks({ key, expression, span, pace, commits, sideBySide, reason }: ChunkPlan): string {
  const size = span ? `${span.amount} ${span.unit}s` : `${pace.firstRows} rows`;
  const cut = expression
    ? `${expression.count} by ${expression.sql}`
    : `of ${size} along ${key.map((column) => column.name).join(', ')}`;
  const together = sideBySide > 1 ? `, ${sideBySide} side by side` : '';
  const published = commits === 'each chunk' ? 'published one by one' : 'published once at the end';
  return `${cut}${together}, ${published}: ${reason}`;
}
