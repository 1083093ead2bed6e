import { type FileHandle, open } from 'node:fs/promises';
import { readThrift, type ThriftStruct, type ThriftValue, writeThrift } from './thrift.ts';

const magic = Buffer.from('PAR1');
const tailBytes = 8;
const pieceBytes = 1024 * 1024;

/** Numbers of fields in Parquet's footer (parquet.thrift of apache/parquet-format). */
const footerFields = { rows: 3, rowGroups: 4 } as const;
const groupFields = { columns: 1, fileOffset: 5, ordinal: 7 } as const;
const chunkFields = { fileOffset: 2, metadata: 3, offsets: [2, 4, 6] } as const;
/** data page, index page, dictionary page, bloom filter */
const metadataOffsets = [9, 10, 11, 14];

/**
 * One Parquet file made of others of the same columns: their row groups one after another as they are, and one footer.
 * It grows by `add`; nothing can read it before `finish`.
 */
export interface JoinedParquet {
  /** Takes the row groups of a whole Parquet file. */
  add(path: string): Promise<void>;
  /** Resolves to the file's bytes. */
  finish(): Promise<number>;
  /** Leaves the file as it is. May be called after all. */
  close(): Promise<void>;
}

export async function joinedParquet(path: string): Promise<JoinedParquet> {
  const file = await open(path, 'w');
  let footer: ThriftStruct | undefined;
  let end = magic.length;
  await file.write(magic, 0, magic.length, 0);
  return {
    add: async (part) => {
      const from = await open(part);
      try {
        const { size } = await from.stat();
        const tail = await readAt(from, size - tailBytes, tailBytes);
        const footerStart = size - tailBytes - tail.readUInt32LE(0);
        const own = readThrift(await readAt(from, footerStart, tail.readUInt32LE(0)));
        const moved = end - magic.length;
        footer = footer ? joined(footer, own, moved) : own;
        end = await append(from, magic.length, footerStart, file, end);
      } finally {
        await from.close();
      }
    },
    finish: async () => {
      if (!footer) throw new Error('a Parquet file needs a part');
      const bytes = writeThrift(footer);
      const tail = Buffer.alloc(tailBytes);
      tail.writeUInt32LE(bytes.length);
      magic.copy(tail, 4);
      await file.write(Buffer.concat([bytes, tail]), 0, bytes.length + tailBytes, end);
      return end + bytes.length + tailBytes;
    },
    close: () => file.close(),
  };
}

async function readAt(file: FileHandle, start: number, count: number): Promise<Buffer> {
  const bytes = Buffer.alloc(count);
  const { bytesRead } = await file.read(bytes, 0, count, start);
  if (bytesRead !== count) throw new Error('a part of a Parquet file was cut short');
  return bytes;
}

async function append(
  from: FileHandle,
  start: number,
  end: number,
  to: FileHandle,
  place: number,
): Promise<number> {
  const piece = Buffer.allocUnsafe(Math.min(pieceBytes, Math.max(1, end - start)));
  let written = place;
  for (let at = start; at < end;) {
    const { bytesRead } = await from.read(piece, 0, Math.min(piece.length, end - at), at);
    if (bytesRead === 0) throw new Error('a part of a Parquet file was cut short');
    await to.write(piece, 0, bytesRead, written);
    at += bytesRead;
    written += bytesRead;
  }
  return written;
}

/** The footer of both, when the pages of the second lie so many bytes further on than it says. */
function joined(first: ThriftStruct, second: ThriftStruct, moved: number): ThriftStruct {
  const groups = structs(valueOf(first, footerFields.rowGroups));
  const more = structs(valueOf(second, footerFields.rowGroups));
  for (const [index, group] of more.entries()) {
    shift(group, [groupFields.fileOffset], moved);
    change(group, groupFields.ordinal, () => BigInt(groups.length + index));
    for (const chunk of structs(valueOf(group, groupFields.columns))) {
      shift(chunk, chunkFields.offsets, moved);
      const metadata = valueOf(chunk, chunkFields.metadata);
      if (isStruct(metadata)) shift(metadata, metadataOffsets, moved);
    }
  }
  const rowsOfSecond = valueOf(second, footerFields.rows);
  change(first, footerFields.rows, (rows) => rows + (typeof rowsOfSecond === 'bigint' ? rowsOfSecond : 0n));
  const list = valueOf(first, footerFields.rowGroups);
  if (list === undefined || typeof list !== 'object' || !('elements' in list))
    throw new Error('a footer without row groups');
  return {
    fields: first.fields.map((field) =>
      field.id === footerFields.rowGroups
        ? { ...field, value: { elementType: structType, elements: [...groups, ...more] } }
        : field,
    ),
  };
}

const structType = 12;

/** Zero stands for a place that is not told. */
function shift(struct: ThriftStruct, ids: readonly number[], by: number): void {
  for (const id of ids) change(struct, id, (offset) => (offset > 0n ? offset + BigInt(by) : offset));
}

function change(struct: ThriftStruct, id: number, next: (value: bigint) => bigint): void {
  const field = struct.fields.find((candidate) => candidate.id === id);
  if (field && typeof field.value === 'bigint') field.value = next(field.value);
}

function valueOf({ fields }: ThriftStruct, id: number): ThriftValue | undefined {
  return fields.find((field) => field.id === id)?.value;
}

function structs(value: ThriftValue | undefined): readonly ThriftStruct[] {
  if (value === undefined || typeof value !== 'object' || !('elements' in value)) return [];
  return value.elements.filter((element) => isStruct(element));
}

function isStruct(value: ThriftValue | undefined): value is ThriftStruct {
  return typeof value === 'object' && 'fields' in value;
}
