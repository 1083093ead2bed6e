import type { SqlDatabase } from '../../connector/connection.ts';
import { ChunkPace } from '../chunks/chunk-pace.ts';
import type { ChunkPlan } from '../chunks/chunk-plan.ts';
import { readPersistently } from '../chunks/persistence.ts';
import { spanEnd } from '../chunks/span-end.ts';
import { planStream } from '../plan/plan-stream.ts';
import type { StreamPlan } from '../plan/stream-plan.ts';
import { windowRequest } from '../read/stream-bounds.ts';
import type { LoadFigures } from '../stream/figures.ts';
import { findEnd, type WindowPiece } from '../stream/window.ts';
import { loadWindow } from './window-load.ts';
import type { TableLoad } from './table-load.ts';

/**
 * Loads along the update key in chunks, each published together with its watermark: whatever stops the
 * load, the next attempt goes on after the last chunk. The end is settled before the first one.
 */
export async function loadInChunks(
  load: TableLoad,
  chunks: ChunkPlan,
  source: SqlDatabase,
): Promise<LoadFigures> {
  const { task, context } = load;
  const pace = new ChunkPace(chunks.pace);
  const first = windowRequest(task, load.plan);
  const end = await readPersistently(source, pace, context, () => findEnd(first, source, context.signal));
  let plan: StreamPlan = load.plan;
  let figures = plan.unfinished?.figures as LoadFigures | undefined;
  for (let continues = false; ; continues = true) {
    const loaded = await readPersistently(source, pace, context, async () => {
      const piece: WindowPiece = {
        continues,
        ...(end ? { end } : {}),
        ...(chunks.span ? await pieceOfSpan() : { rows: pace.rows }),
      };
      return await loadWindow({ ...load, plan }, piece, figures);
    });
    ({ figures } = loaded);
    if (loaded.isLast || !loaded.watermark) return figures;
    pace.succeeded(loaded.readSeconds);
    context.log(`${plan.stream}: chunk ${figures.chunks} is published, ${figures.rowsRead} rows so far`);
    await context.saveCheckpoint({ chunks: figures.chunks });
    const { watermark } = loaded;
    plan = await readPersistently(source, pace, context, () => planStream(task, watermark, context.signal));
  }

  async function pieceOfSpan(): Promise<Pick<WindowPiece, 'upTo'>> {
    if (!chunks.span || !end) return {};
    const upTo = await spanEnd(windowRequest(task, plan), chunks.span, end.value, source, context.signal);
    return upTo === undefined ? {} : { upTo };
  }
}
