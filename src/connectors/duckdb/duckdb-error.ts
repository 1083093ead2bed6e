import {
  CancelledError,
  ConfigError,
  DataError,
  FatalError,
  MillraceError,
  TransientError,
} from '../../core/errors.ts';

const rolledBack = 'The statement was rolled back.';

/** What an error of DuckDB means for `place`, such as `Connection WAREHOUSE (/data/w.duckdb)`. */
export function duckdbError(error: unknown, place: string, signal?: AbortSignal): MillraceError {
  if (error instanceof MillraceError) return error;
  const text = error instanceof Error ? error.message : String(error);
  if (signal?.aborted || text.startsWith('INTERRUPT Error')) {
    return new CancelledError(`${place}: cancelled.`, { code: 'cancelled', state: rolledBack });
  }
  return (
    lockError(text, place) ??
    diskError(text, place) ??
    fileError(text, place) ??
    csvError(text) ??
    ambiguityError(text, place) ??
    errorByKind(text, place, error)
  );
}

function lockError(text: string, place: string): MillraceError | undefined {
  if (!/Could not set lock on file|Conflicting lock is held/.test(text)) return undefined;
  const pid = /\(PID (\d+)\)/.exec(text)?.[1];
  const holder = pid === undefined ? 'another process' : `process ${pid}`;
  return new TransientError(
    `${place}: ${holder} has the warehouse open, and a DuckDB file has one owner at a time.`,
    {
      code: 'warehouse_in_use',
      state: 'Nothing was read or written.',
      next: `Let it finish or close it${pid === undefined ? '' : ` (ps -p ${pid} shows it)`}, then run again.`,
    },
  );
}

function diskError(text: string, place: string): MillraceError | undefined {
  if (!/No space left on device|not enough (disk )?space|disk is full|max_temp_directory_size/i.test(text))
    return undefined;
  return new FatalError(`${place}: the disk is full.`, {
    code: 'disk_full',
    state: `${rolledBack} Tables that were published before are as they were.`,
    next: 'Free some space, then run again.',
  });
}

/** The database file cannot be opened, or holds something else. */
function fileError(text: string, place: string): MillraceError | undefined {
  if (/Cannot open file .*Permission denied|Could not (read|write).*Permission denied/.test(text)) {
    return new ConfigError(`${place}: the file may not be opened for reading and writing by this user.`, {
      code: 'warehouse_unreadable',
      state: 'Nothing was read or written.',
      next: 'Change the permissions of the file and its folder.',
    });
  }
  const broken =
    /not a valid DuckDB database|Corrupt database file|Could not read enough bytes|Is a directory|sqlite_scanner/;
  if (!broken.test(text)) return undefined;
  return new FatalError(`${place}: this is not a sound DuckDB database (${text.split('\n', 1)[0]})`, {
    code: 'warehouse_corrupt',
    state: 'Nothing was changed.',
    next: 'Restore it from a backup, or move it away and load and build anew: millrace run --full-refresh',
  });
}

/** DuckDB's CSV reader tells the line and the file in the middle of many lines of advice. */
function csvError(text: string): MillraceError | undefined {
  const line = /CSV Error on Line: (\d+)/.exec(text)?.[1];
  if (line === undefined) return undefined;
  const file =
    /^\s*file\s*=\s*(.+)$/m.exec(text)?.[1]?.trim() ?? /file "([^"]+)"/.exec(text)?.[1] ?? 'the file';
  const what =
    text
      .split('\n')
      .map((part) => part.trim())
      .find((part) => part !== '' && !/CSV Error on Line|^Original Line|^Invalid Input Error$/.test(part)) ??
    'broken row';
  return new DataError(`${file}, line ${line}: ${what}`, {
    code: 'file_row_invalid',
    state: 'Nothing of the file was published.',
    next: 'Mend the row, or declare the column as string.',
  });
}

/** The file has the name of one of its schemas. */
function ambiguityError(text: string, place: string): MillraceError | undefined {
  const [, name, path] =
    /Ambiguous reference to catalog or schema "(.+?)" - use a fully qualified path like "(.+?)"/.exec(text) ??
    [];
  if (name === undefined) return undefined;
  return new ConfigError(
    `${place}: ${name} is both the name of the file and of a schema in it, so DuckDB does not know which one is meant.`,
    {
      code: 'name_ambiguous',
      state: rolledBack,
      next: `Write ${path}.<table> in the SQL, or rename the file.`,
    },
  );
}

function errorByKind(text: string, place: string, cause: unknown): MillraceError {
  const kind = /^([A-Za-z][A-Za-z ]*?) Error:/.exec(text)?.[1] ?? '';
  const message = `${place}: ${text}`;
  switch (kind) {
    case 'Parser':
    case 'Syntax':
    case 'Binder':
    case 'Catalog':
    case 'Not implemented':
    case 'Permission':
    case 'Missing Extension':
      return new ConfigError(message, { code: 'sql_failed', cause });
    case 'Constraint':
      return new DataError(message, { code: 'constraint_violated', state: rolledBack, cause });
    case 'Conversion':
    case 'Out of Range':
    case 'Invalid Input':
    case 'Mismatch Type':
      return new DataError(message, { code: 'data_invalid', state: rolledBack, cause });
    case 'TransactionContext':
    case 'Transaction':
      return new TransientError(message, { code: 'transaction_conflict', state: rolledBack, cause });
    case 'Out of Memory':
      return new FatalError(message, {
        code: 'out_of_memory',
        state: rolledBack,
        next: 'Raise memory_limit of the connection, or lower its threads.',
        cause,
      });
    case 'FATAL':
      return new FatalError(message, {
        code: 'warehouse_invalidated',
        state: 'DuckDB has stopped using the file; what was committed is in it.',
        next: 'Stop this process and start it again.',
        cause,
      });
    case 'IO':
      return new FatalError(message, { code: 'io_failed', state: rolledBack, cause });
    default:
      return new FatalError(message, { code: 'duckdb_failed', state: rolledBack, cause });
  }
}
