import type { FileParts, ReadAfter, StageResult } from '../../connector/connection.ts';
import type { StepContext } from '../../core/executor.ts';
import type { TableSchema } from '../../sql/data-type.ts';
import type { TableName } from '../../sql/dialect.ts';
import { checkedPayload } from './checked-payload.ts';
import { ofExpected } from '../plan/expected-rows.ts';
import type { StreamPlan } from '../plan/stream-plan.ts';
import { withReadSlot } from './read-slots.ts';
import type { StreamTask } from '../plan/stream-task.ts';
import { partFileName } from '../stream/stage-name.ts';

/** What is read into a stage. */
export interface StageReading {
  readonly where?: string;
  readonly limit?: number;
  readonly after?: ReadAfter;
  /** The table to fill; the plan's stage when absent. */
  readonly stage?: TableName;
  /** Rows and bytes that came before, for progress. */
  readonly before?: StageResult;
  /** Told of this stage's rows and bytes, in the place of the step's own progress. */
  readonly onProgress?: (rows: number, bytes: number) => void;
  /** Ends the reading in the place of the step's own signal. */
  readonly signal?: AbortSignal;
}

/** A filled stage. */
export interface FilledStage extends StageResult {
  readonly seconds: number;
}

/** Creates a stage and moves rows of the source into it. */
export async function fillStage(
  task: StreamTask,
  plan: StreamPlan,
  reading: StageReading,
  context: StepContext,
): Promise<FilledStage> {
  return await withReadSlot(task.source, () => fill(task, plan, reading, context));
}

async function fill(
  task: StreamTask,
  plan: StreamPlan,
  reading: StageReading,
  context: StepContext,
): Promise<FilledStage> {
  const { source } = task.source;
  const { target } = task.target;
  if (!source || !target) return { rows: 0, bytes: 0, seconds: 0 };
  const startMs = performance.now();
  const stop = new AbortController();
  const signal = AbortSignal.any([reading.signal ?? context.signal, stop.signal]);
  const { before = { rows: 0, bytes: 0 } } = reading;
  const onProgress =
    reading.onProgress ??
    ((rows: number, bytes: number) =>
      context.progress({
        rows: before.rows + rows,
        bytes: before.bytes + bytes,
        ...ofExpected(plan),
        phase: 'loading',
      }));
  try {
    const payload = await source.read(
      {
        stream: { name: plan.stream, ...(plan.read.sql === undefined ? {} : { sql: plan.read.sql }) },
        columns: plan.read.columns,
        ...(reading.where === undefined ? {} : { where: reading.where }),
        ...(reading.limit === undefined ? {} : { limit: reading.limit }),
        ...(reading.after === undefined ? {} : { after: reading.after }),
        options: plan.read.options,
      },
      plan.lane.format,
      signal,
    );
    const staged = await target.stage(
      {
        table: reading.stage ?? plan.stage,
        schema: readSchema(plan),
        ...(plan.textColumns.length === 0 ? {} : { asText: plan.textColumns }),
        ...(task.target.database ? {} : { options: task.stream.target.file }),
        ...(plan.written ? { written: plan.written } : {}),
        ...fileParts(task, plan),
        onNote: (text) => context.log(`${plan.stream}: ${text}`, 'warn'),
        onProgress,
      },
      checkedPayload(payload, plan, task.source),
      signal,
    );
    return { ...staged, seconds: (performance.now() - startMs) / 1000 };
  } catch (error) {
    stop.abort();
    throw error;
  }
}

/** The folders by which a file is divided; files of an increment have a name of their own, after their stage. */
function fileParts({ stream }: StreamTask, plan: StreamPlan): { readonly parts?: FileParts } {
  const { parts } = stream.target;
  const column = plan.columns.find(({ source }) => source.name === stream.updateKey)?.name;
  if (!parts || column === undefined) return {};
  const fileName = stream.mode === 'incremental' ? partFileName(plan.stage) : 'data';
  return { parts: { column, levels: parts, fileName } };
}

/** The stage has the target's names and the source's types, or text; casts come when it is published. */
export function stageSchema(plan: Pick<StreamPlan, 'columns' | 'textColumns'>): TableSchema {
  const { columns, primaryKey } = readSchema(plan);
  return {
    columns: columns.map((column) =>
      plan.textColumns.includes(column.name) ? { ...column, type: { type: 'text' } } : column,
    ),
    primaryKey,
  };
}

function readSchema(plan: Pick<StreamPlan, 'columns'>): TableSchema {
  const columns = plan.columns.map(({ name, source }) => ({ name, type: source.type, nullable: true }));
  return { columns, primaryKey: [] };
}
