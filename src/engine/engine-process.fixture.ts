import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GraphNode } from '../core/node.ts';
import type { RunStore } from '../core/ports.ts';
import { createEngine } from './create-engine.ts';
import { aborted, asset, definitionsOf, testExecutor, type StepBody } from './project.fixture.ts';

/** Six assets, each of which reads the one before. */
export const chain: readonly GraphNode[] = Array.from({ length: 6 }, (_, index) =>
  asset(`n${index}`, index === 0 ? [] : [`n${index - 1}`]),
);

interface StoreModule {
  readonly openSqliteLedger: (path: string) => Promise<RunStore>;
}

/**
 * As a process: an engine named `first` on the ledger in a folder. Each step appends a line to `calls`.
 * `hold:<key>` never ends that step by itself, `pause:<ms>` lets every step last so long, `report:<name>` writes down
 * whether the project was acquired, `lease:<seconds>`
 * shortens its leases.
 */
async function main(storeModule: string, folder: string, commands: readonly string[]): Promise<void> {
  const { openSqliteLedger } = (await import(storeModule)) as StoreModule;
  const option = (name: string): string | undefined =>
    commands.find((command) => command.startsWith(`${name}:`))?.slice(name.length + 1);
  const body: StepBody = async (context) => {
    const key = context.idempotencyKey.split('/')[1] ?? '';
    appendFileSync(join(folder, 'calls'), `first ${key}\n`);
    if (option('hold') === key) {
      await aborted(context);
      appendFileSync(join(folder, 'calls'), `first ${key} stopped\n`);
      throw new Error('stopped');
    }
    await new Promise((resolve) => setTimeout(resolve, Number(option('pause') ?? 0)));
    return undefined;
  };
  const definitions = definitionsOf(chain);
  const engine = createEngine({
    store: await openSqliteLedger(join(folder, 'ledger.db')),
    executors: [testExecutor({ '*': body })],
    definitions: () => definitions,
    pollMilliseconds: 20,
    leaseSeconds: Number(option('lease') ?? 30),
  });
  const attempt = await engine.start();
  const report = option('report');
  if (report === undefined) return;
  const path = join(folder, `report-${report}`);
  writeFileSync(`${path}.part`, attempt.acquired ? 'acquired' : 'refused');
  renameSync(`${path}.part`, path);
}

const [, script, storeModule, folder, ...commands] = process.argv;
if (script === import.meta.filename && storeModule && folder) await main(storeModule, folder, commands);
