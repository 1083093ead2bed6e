import type { NoteWrite, Note } from '../../core/ports.ts';
import { toNote } from '../record/note.ts';
import { toJson } from '../record/row.ts';
import type { LedgerDatabase } from './database.ts';

export function readNote(database: LedgerDatabase, name: string): Note | undefined {
  return toNote(database.get('SELECT version, value FROM notes WHERE name = ?', name));
}

export function writeNote(database: LedgerDatabase, note: NoteWrite): boolean {
  return database.write(() => insertNote(database, note));
}

/** Within a transaction. */
export function insertNote(database: LedgerDatabase, { name, expectedVersion, value }: NoteWrite): boolean {
  const written =
    expectedVersion === 0
      ? database.run(
          'INSERT INTO notes (name, version, value) VALUES (?, 1, ?) ON CONFLICT DO NOTHING',
          name,
          toJson(value),
        )
      : database.run(
          'UPDATE notes SET version = version + 1, value = ? WHERE name = ? AND version = ?',
          toJson(value),
          name,
          expectedVersion,
        );
  return written === 1;
}
