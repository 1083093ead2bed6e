import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { FatalError } from '../core/errors.ts';
import type { ReportView } from './report-view.ts';

/** Keeps a view as `<folder>/<name>.json`; readers see the old one or the new one, never a part. */
export async function writeReportView(folder: string, view: ReportView): Promise<void> {
  const path = viewPath(folder, view.name);
  const stage = `${path}.${process.pid}.tmp`;
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(stage, 'w');
    try {
      await file.writeFile(JSON.stringify(view));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(stage, path);
  } catch (cause) {
    await rm(stage, { force: true }).catch(() => undefined);
    throw new FatalError(`The report's view could not be written: ${reasonOf(cause)}`, {
      code: 'report_view_unwritable',
      state: `The last view in ${path} is unchanged.`,
      next: 'Make room or permission for that file, then run again',
      cause,
    });
  }
}

/** The view that the last successful run left; undefined when there was none. */
export async function readReportView(folder: string, name: string): Promise<ReportView | undefined> {
  const path = viewPath(folder, name);
  try {
    const view: ReportView = JSON.parse(await readFile(path, 'utf8'));
    return view;
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    throw new FatalError(`The report's view could not be read: ${reasonOf(cause)}`, {
      code: 'report_view_unreadable',
      next: `Run the report again: millrace run report/${name}`,
      cause,
    });
  }
}

function viewPath(folder: string, name: string): string {
  return join(folder, `${name}.json`);
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
