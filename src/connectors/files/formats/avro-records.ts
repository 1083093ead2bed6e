import { open } from 'node:fs/promises';
import avro, { type Schema, type Type } from 'avsc';
import { readAvroBlocks, readAvroHeader, withFile } from './avro-container.ts';
import { type AvroColumn, avroColumns } from './avro-schema.ts';
import { brokenFile } from './broken-file.ts';

/** The columns that a file's own schema tells. */
export async function avroShape(path: string, place: string): Promise<readonly AvroColumn[]> {
  return await withFile(path, async (file) => {
    const { schema } = await readAvroHeader(file, place);
    typeOf(schema, place);
    return avroColumns(schema as string, place);
  });
}

/** Records in the form of JSON, in order. */
export async function* avroRecords(
  path: string,
  columns: readonly AvroColumn[],
  place: string,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  const file = await open(path);
  try {
    const header = await readAvroHeader(file, place);
    const type = typeOf(header.schema, place);
    let record = 0;
    for await (const block of readAvroBlocks(file, header, place)) {
      let at = 0;
      for (let index = 0; index < block.records; index += 1) {
        record += 1;
        const { value, offset } = decode(type, block.data, at, `${place}, record ${record}`);
        yield Object.fromEntries(columns.map(({ name, toJson }) => [name, toJson(value[name])]));
        if (offset <= at && block.data.length > 0)
          throw brokenFile(`${place}, record ${record}`, 'it is empty');
        at = offset;
      }
      if (at !== block.data.length)
        throw brokenFile(`${place}, byte ${block.offset}`, 'a block holds more than its records');
    }
  } finally {
    await file.close();
  }
}

/** Whole numbers of 64 bits, exact. */
const exactLong: Type = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: String,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0),
});

function typeOf(schema: unknown, place: string): Type {
  try {
    return avro.Type.forSchema(plain(schema) as Schema, {
      registry: { long: exactLong },
      wrapUnions: 'always',
    });
  } catch (error) {
    throw brokenFile(
      place,
      `its schema cannot be used (${error instanceof Error ? error.message : 'broken'})`,
    );
  }
}

/** The schema without what is said about primitive types, so that all whole numbers are read by one type. */
function plain(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(plain);
  if (schema === null || typeof schema !== 'object') return schema;
  const { type, fields, items, values } = schema as Readonly<Record<string, unknown>>;
  if (typeof type === 'object') return plain(type);
  if (type === 'record' && Array.isArray(fields)) {
    return { ...schema, fields: fields.map((field: object & { type?: unknown }) => plainField(field)) };
  }
  if (type === 'array') return { type, items: plain(items) };
  if (type === 'map') return { type, values: plain(values) };
  if (type === 'fixed' || type === 'enum') {
    const { logicalType: _, ...rest } = schema as Readonly<Record<string, unknown>>;
    return rest;
  }
  return type;
}

function plainField({ type, ...rest }: object & { readonly type?: unknown }): unknown {
  const { default: _, ...described } = rest as Readonly<Record<string, unknown>>;
  return { ...described, type: plain(type) };
}

function decode(
  type: Type,
  data: Buffer,
  at: number,
  place: string,
): { readonly value: Readonly<Record<string, unknown>>; readonly offset: number } {
  try {
    const { value, offset } = type.decode(data, at);
    if (offset >= 0 && value !== undefined) return { value, offset };
  } catch (error) {
    throw brokenFile(place, `it cannot be decoded (${error instanceof Error ? error.message : 'broken'})`);
  }
  throw brokenFile(place, 'it reaches beyond its block');
}
