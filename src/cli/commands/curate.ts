import { findUnread, scoreImportance } from '../../curate/index.ts';
import { completionsByKey, openLedger } from '../../project/session/session.ts';
import { openProject, type Place } from './open-project.ts';
import { formatCount, formatTable, printJson, printLine } from '../terminal/output.ts';

/** Lists assets without a path to a report or a sync, with the evidence; as JSON also how connected each is. */
export async function curate(options: Place & { readonly json: boolean }): Promise<void> {
  const project = await openProject(options);
  const store = await openLedger(project.folder);
  try {
    const unread = findUnread(project.graph, await completionsByKey(store));
    if (options.json) return printJson({ unread, importance: scoreImportance(project.graph) });
    if (unread.length === 0) return printLine('Every asset has a path to a report or a sync.');
    printLine(
      formatTable(
        ['asset', 'rows', 'last run', 'why', 'suggestion'],
        unread.map((asset) => [
          asset.key,
          formatCount(asset.rows),
          asset.lastRunAtMs === undefined ? 'never' : new Date(asset.lastRunAtMs).toISOString(),
          asset.reason,
          asset.suggestion,
        ]),
      ),
    );
  } finally {
    await store.close();
  }
}
