import { ConfigError } from '../../core/errors.ts';
import type { JsonValue } from '../../core/json.ts';
import { tableOf, type ArchiveRow } from './archive-table.ts';

/** Of what a line holds. A later one that changes its shape counts it up and reads the earlier ones. */
export const archiveVersion = 1;

/**
 * An archive as JSON, a line for each row: `{"runs":{...}}`. The first one says what it is, the last one how many there are.
 */
export async function* toArchiveLines(
  rows: AsyncIterable<ArchiveRow>,
  writtenAtMs: number,
): AsyncIterable<string> {
  yield line({ millrace: 'ledger', version: archiveVersion, writtenAt: new Date(writtenAtMs).toISOString() });
  let count = 0;
  for await (const { table, values } of rows) {
    count += 1;
    yield line({ [table]: values });
  }
  yield line({ end: { rows: count } });
}

function line(value: JsonValue): string {
  return `${JSON.stringify(value)}\n`;
}

/** Throws a `ConfigError` that names the line for what is no archive, a newer one, or one whose end is missing. */
export async function* readArchiveLines(
  lines: AsyncIterable<string>,
  name: string,
): AsyncIterable<ArchiveRow> {
  let number = 0;
  let ending: JsonValue | undefined;
  for await (const text of lines) {
    number += 1;
    const entry = parse(text, number, name);
    if (number === 1) {
      requireHeader(entry, name);
      continue;
    }
    if (ending !== undefined) throw broken(name, number, 'comes after its end');
    if ('end' in entry) ending = entry['end'];
    else yield rowOf(entry, number, name);
  }
  if (number === 0) throw notAnArchive(name);
  if (ending === undefined || (ending as { readonly rows?: unknown }).rows !== number - 2)
    throw broken(name, number, 'is its last one, and the end is missing');
}

function parse(text: string, number: number, name: string): Readonly<Record<string, JsonValue>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, JsonValue>>;
  } catch {
    // Told below.
  }
  throw number === 1 ? notAnArchive(name) : broken(name, number, 'is not JSON');
}

function requireHeader(entry: Readonly<Record<string, JsonValue>>, name: string): void {
  if (entry['millrace'] !== 'ledger' || typeof entry['version'] !== 'number') throw notAnArchive(name);
  if (entry['version'] <= archiveVersion) return;
  throw new ConfigError(
    `${name} has version ${entry['version']} of ledger archives, this release knows versions up to ${archiveVersion}`,
    { code: 'archive_newer', state: 'Nothing was changed.', next: 'Use the newer release that wrote it' },
  );
}

function rowOf(entry: Readonly<Record<string, JsonValue>>, number: number, name: string): ArchiveRow {
  const [table = ''] = Object.keys(entry);
  const values = entry[table];
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw broken(name, number, 'holds no row');
  const row = { table, values: values as Readonly<Record<string, JsonValue>> };
  tableOf(row);
  return row;
}

function notAnArchive(name: string): ConfigError {
  return new ConfigError(`${name} is not an archive of a ledger`, {
    code: 'archive_invalid',
    state: 'Nothing was changed.',
    next: 'Name a file that was written by: millrace ledger export <file>',
  });
}

function broken(name: string, number: number, what: string): ConfigError {
  return new ConfigError(`${name}: the line ${number} ${what}`, {
    code: 'archive_invalid',
    origin: { file: name, line: number },
    state: 'Nothing was changed.',
    next: 'Copy it again from where it was written; it is cut off or was changed',
  });
}
