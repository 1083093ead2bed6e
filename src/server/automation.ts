import type { Context, Hono } from 'hono';
import type { NodeKey } from '../core/node.ts';
import { answer, readJson } from './answer.ts';
import type {
  AutomationPayload,
  BackfillRequest,
  BackfillStatus,
  PartitionsPayload,
  WhyPayload,
} from './automation-contract.ts';
import { failureResponse } from './failure-response.ts';
import { backfillRequest, nodeQuery, parseRequest } from './request-schema.ts';

/** What starts runs by itself. Methods throw `ConfigError` `node_missing` or `partitions_missing`. */
export interface AutomationHost {
  read(): Promise<AutomationPayload>;
  why(key: NodeKey): Promise<WhyPayload>;
  partitions(key: NodeKey): Promise<PartitionsPayload>;
  /** Undefined for an unknown one; nothing happens to one that is over. */
  changeBackfill(id: string, action: BackfillRequest['action']): Promise<BackfillStatus | undefined>;
}

export function addAutomationRoutes(api: Hono, host: AutomationHost): void {
  api.get('/automation', async (context) => answer(context, await host.read()));
  api.get('/why', async (context) => answer(context, await host.why(keyOf(context))));
  api.get('/partitions', async (context) => answer(context, await host.partitions(keyOf(context))));
  api.post('/backfills/:id', async (context) => {
    const id = context.req.param('id');
    const { action } = parseRequest(backfillRequest, await readJson(context));
    const changed = await host.changeBackfill(id, action);
    if (changed) return answer(context, changed, 202);
    return failureResponse(context, 404, {
      kind: 'config',
      code: 'backfill_missing',
      message: `There is no backfill "${id}" in the ledger.`,
    });
  });
}

function keyOf(context: Context): NodeKey {
  return parseRequest(nodeQuery, context.req.query()).key;
}
