import type { FoundItem } from '../../core/fan-out.ts';
import type { JsonValue } from '../../core/json.ts';
import type { TaskContext } from './code-definitions.ts';
import type { ItemResult } from './fan-out-definitions.ts';
import type { GivenBatch } from './given-partitions.ts';

/** What a function is told of its step, as plain data but for the partitions. */
export interface TaskFacts extends Pick<TaskContext, 'runId' | 'attempt' | 'input' | 'idempotencyKey'> {
  readonly batch: GivenBatch | undefined;
  readonly item: FoundItem | undefined;
  readonly results: readonly ItemResult<JsonValue, JsonValue | undefined>[] | undefined;
}
