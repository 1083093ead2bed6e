import type { ReadRequest } from '../../../connector/connection.ts';
import { ConfigError } from '../../../core/errors.ts';
import { csvTable } from '../csv/csv-table.ts';
import type { SourceFile } from '../disk/file-paths.ts';
import { compressionOfName, fileNameOf } from '../disk/file-type.ts';
import { readError } from '../disk/read-error.ts';
import type { Spool } from '../disk/spool.ts';
import type { FileEngine } from '../engine/engine.ts';
import { jsonTable } from '../json/json-table.ts';
import { readOptions, type ReadOptions, requireApplicable } from '../options/read-options.ts';
import { parquetTable } from '../parquet/parquet-table.ts';
import { withMetadata } from '../table/file-metadata.ts';
import type { FileTable, ReadableFiles } from '../table/file-table.ts';
import { readableFiles } from './readable-files.ts';

/**
 * Makes files readable and finds out what is in them.
 * @throws what an error of DuckDB's readers means, with the names that people know the files by
 */
export async function inspectFiles(
  engine: FileEngine,
  files: readonly SourceFile[],
  options: ReadRequest['options'],
  spool: Spool,
  signal: AbortSignal | undefined,
): Promise<FileTable> {
  const checked = readOptions(options);
  let readable: ReadableFiles | undefined;
  try {
    const named = files[0] ? kindOf(files[0], checked) : 'csv';
    requireApplicable(options, named);
    if (checked.rejects && named !== 'csv') {
      throw new ConfigError(`max_rejects is not yet supported for ${named}.`, {
        code: 'not_yet_supported',
        next: 'Leave max_rejects out.',
      });
    }
    const found = await readableFiles(files, checked, spool, signal);
    readable = found;
    const table = await engine.use(signal, async (connection) => {
      if (found.fileType === 'csv')
        return await csvTable(connection, found.files, checked, { spool, engine, signal });
      if (found.fileType === 'parquet') return await parquetTable(connection, found.files, checked);
      return await jsonTable(connection, found, checked);
    });
    return withMetadata(table, checked);
  } catch (error) {
    const known =
      readable?.files ?? files.map((file) => ({ path: file.path, place: file.place ?? file.path }));
    throw await readError(error, known);
  }
}

/** What the first file is, as far as its name tells: an archive may hold anything. */
function kindOf(file: SourceFile, options: ReadOptions): string {
  try {
    return fileNameOf(file.place ?? file.path, options.format ?? file.format).fileType;
  } catch (error) {
    if (compressionOfName(file.place ?? file.path) === 'zip') return 'csv';
    throw error;
  }
}
