import type { NoteWrite, Note } from '../../core/ports.ts';
import { toNote } from '../record/note.ts';
import { toJson } from '../record/row.ts';
import type { Session } from './session.ts';

export async function readNote(session: Session, name: string): Promise<Note | undefined> {
  return toNote(await session.get('SELECT version, value FROM notes WHERE name = $1', name));
}

export async function writeNote(session: Session, note: NoteWrite): Promise<boolean> {
  const { name, expectedVersion, value } = note;
  const written = await (expectedVersion === 0
    ? session.run(
        'INSERT INTO notes (name, version, value) VALUES ($1, 1, $2) ON CONFLICT DO NOTHING',
        name,
        toJson(value),
      )
    : session.run(
        'UPDATE notes SET version = version + 1, value = $2 WHERE name = $1 AND version = $3',
        name,
        toJson(value),
        expectedVersion,
      ));
  return written === 1;
}
