import { rename, writeFile } from 'node:fs/promises';
import { TransientError } from '../../core/errors.ts';

/** Replaces the file in one step, so that a collector never reads half of it. */
export async function writeMetricsFile(file: string, text: string): Promise<void> {
  const beside = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(beside, text);
    await rename(beside, file);
  } catch (error) {
    throw new TransientError(`${file} cannot be written (${(error as NodeJS.ErrnoException).code})`, {
      code: 'metrics_file_unwritable',
      cause: error,
    });
  }
}
