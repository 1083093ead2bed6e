import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startCrm, type Crm } from '../../examples/retailflow/crm/crm.ts';
import { millraceJson } from './millrace-command.ts';

const example = fileURLToPath(new URL('../../examples/retailflow', import.meta.url));

/** RetailFlow in a folder of its own, with its CRM. */
export interface ShopCopy {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly crm: Crm;
  /** Rows of a query on the warehouse, as text. */
  rows(sql: string): Promise<readonly (readonly string[])[]>;
  remove(): Promise<void>;
}

export async function copyShop(historyOrders: number): Promise<ShopCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-shop-'));
  await cp(example, folder, { recursive: true, filter: (path) => !path.includes('.millrace') });
  const crm = await startCrm({ port: 0 });
  const env = { CRM_URL: crm.url, RETAILFLOW_HISTORY_ORDERS: String(historyOrders) };
  return {
    folder,
    env,
    crm,
    rows: async (sql) => {
      const found = await millraceJson<{ rows: unknown[][] }>(['sql', sql, '--limit', '1000000'], {
        cwd: folder,
        env,
      });
      return found.rows.map((row) => row.map((value) => String(value)));
    },
    remove: async () => {
      await crm.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
