import { requirePartitionKey } from '../../core/partition/axis.ts';
import { type PartitionGroup, partitionStatus } from '../../engine/index.ts';
import { partitionWorld } from '../../project/session/partition-world.ts';
import { openLedger } from '../../project/session/session.ts';
import { formatCount, formatTable, paint, printJson, printLine } from '../terminal/output.ts';
import { openProject, type Place } from './open-project.ts';

interface PartitionsOptions extends Place {
  readonly json: boolean;
}

/** How the partitions of an asset are. */
export async function showPartitions(options: PartitionsOptions & { readonly key: string }): Promise<void> {
  const project = await openProject(options);
  const world = await partitionWorld(project);
  const ledger = await openLedger(project.folder);
  try {
    const status = await partitionStatus(project.graph, ledger, options.key, world);
    if (options.json) return printJson(status);
    const groups: readonly (readonly [string, Parameters<typeof paint>[0], PartitionGroup])[] = [
      ['succeeded', 'green', status.succeeded],
      ['stale', 'yellow', status.stale],
      ['upstream stale', 'yellow', status.behind],
      ['failed', 'red', status.failed],
      ['running', 'blue', status.running],
      ['waiting', 'blue', status.waiting],
      ['missing', 'yellow', status.missing],
    ];
    const rows = groups
      .filter(([, , group]) => group.count > 0)
      .map(([name, color, group]) => [paint(color, name), formatCount(group.count), group.text]);
    printLine(`${status.key} has ${formatCount(status.count)} partitions.`);
    if (rows.length > 0) printLine(formatTable(['state', 'count', 'partitions'], rows));
    if (status.failed.count + status.missing.count > 0) {
      printLine(`Next: millrace backfill ${status.key} --partition all --missing`);
    } else if (status.behind.count > 0)
      printLine(`Next: millrace backfill '+${status.key}' --partition all --stale`);
    else if (status.stale.count > 0)
      printLine(`Next: millrace backfill ${status.key} --partition all --stale`);
  } finally {
    await ledger.close();
  }
}

/** Adds keys to a list that dynamic partitions take theirs from. */
export async function addPartitionKeys(
  options: PartitionsOptions & { readonly set: string; readonly keys: readonly string[] },
): Promise<void> {
  for (const key of options.keys) requirePartitionKey(key);
  const project = await openProject(options);
  const ledger = await openLedger(project.folder);
  try {
    const added = await ledger.addPartitionKeys(options.set, options.keys, Date.now());
    if (options.json) printJson({ set: options.set, added, keys: await ledger.partitionKeys(options.set) });
    else printLine(`${added} of ${options.keys.length} keys are new in ${options.set}.`);
  } finally {
    await ledger.close();
  }
}
