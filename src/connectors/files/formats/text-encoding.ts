import { DataError } from '../../../core/errors.ts';

/** Encodings by the names that Sling gives them, and by their own; without case, dashes and underscores. */
const encodings = {
  utf8: 'utf-8',
  utf8bom: 'utf-8',
  utf16: 'utf-16',
  utf16le: 'utf-16le',
  utf16be: 'utf-16be',
  latin1: 'latin1',
  iso88591: 'latin1',
  latin5: 'iso-8859-5',
  iso88595: 'iso-8859-5',
  latin9: 'iso-8859-15',
  iso885915: 'iso-8859-15',
  windows1250: 'windows-1250',
  windows1252: 'windows-1252',
} as const;

/** `latin1` is ISO 8859-1 byte by byte; `utf-16` is little-endian unless its first bytes say otherwise. */
export type Encoding = (typeof encodings)[keyof typeof encodings];

/** Names that people may write. */
export const encodingNames: readonly string[] = [
  'utf8',
  'utf8_bom',
  'utf16',
  'utf16le',
  'utf16be',
  'latin1',
  'latin5',
  'latin9',
  'windows1250',
  'windows1252',
  'iso-8859-1',
  'iso-8859-5',
  'iso-8859-15',
];

/** Undefined for a name that is not known. */
export function encodingOf(name: string): Encoding | undefined {
  const key = name.toLowerCase().replaceAll(/[-_ ]/g, '');
  return Object.hasOwn(encodings, key) ? encodings[key as keyof typeof encodings] : undefined;
}

/**
 * Text of bytes, a piece at a time, without a byte order mark.
 * @throws DataError code `file_encoding` with the bytes between which the text breaks
 */
export async function* decodeText(
  bytes: AsyncIterable<Uint8Array>,
  encoding: Encoding,
  place: string,
): AsyncGenerator<string> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  let offset = 0;
  for await (const part of bytes) {
    if (encoding === 'latin1') {
      yield Buffer.from(part.buffer, part.byteOffset, part.length).toString('latin1');
      continue;
    }
    decoder ??= new TextDecoder(concrete(encoding, part), { fatal: true });
    yield decodePart(decoder, part, place, encoding, offset);
    offset += part.length;
  }
  if (decoder) yield decodePart(decoder, undefined, place, encoding, offset);
}

function concrete(encoding: Encoding, start: Uint8Array): string {
  if (encoding !== 'utf-16') return encoding;
  return start[0] === 0xfe && start[1] === 0xff ? 'utf-16be' : 'utf-16le';
}

function decodePart(
  decoder: InstanceType<typeof TextDecoder>,
  part: Uint8Array | undefined,
  place: string,
  encoding: Encoding,
  offset: number,
): string {
  try {
    return part ? decoder.decode(part, { stream: true }) : decoder.decode();
  } catch {
    const end = offset + (part?.length ?? 0);
    throw new DataError(`${place}, between bytes ${offset} and ${end}: the text is not ${encoding}.`, {
      code: 'file_encoding',
      state: 'Nothing was published.',
      next: 'Name the encoding in source_options.encoding, or convert the file to UTF-8.',
    });
  }
}

/** The encoding that a byte order mark tells; undefined without one. */
export function markedEncoding(start: Uint8Array): Encoding | undefined {
  if (start[0] === 0xff && start[1] === 0xfe) return 'utf-16le';
  if (start[0] === 0xfe && start[1] === 0xff) return 'utf-16be';
  return start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf ? 'utf-8' : undefined;
}
