import { DataError } from '../../../core/errors.ts';
import type { Encoding } from './text-encoding.ts';

/** UTF-8 as bytes of another encoding, a piece at a time; UTF-16 begins with its mark. */
export async function* encodeText(
  pieces: AsyncIterable<string>,
  encoding: Encoding,
  place: string,
): AsyncGenerator<Uint8Array> {
  const encode = encoderOf(encoding, place);
  if (encoding.startsWith('utf-16')) yield encode('\ufeff');
  for await (const piece of pieces) yield encode(piece);
}

function encoderOf(encoding: Encoding, place: string): (text: string) => Uint8Array {
  switch (encoding) {
    case 'utf-8':
      return (text) => Buffer.from(text);
    case 'utf-16':
    case 'utf-16le':
      return (text) => Buffer.from(text, 'utf16le');
    case 'utf-16be':
      return (text) => Buffer.from(text, 'utf16le').swap16();
    default:
      return tableEncoder(encoding, place);
  }
}

/** Encodings of one byte per letter. */
function tableEncoder(encoding: Encoding, place: string): (text: string) => Uint8Array {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const letters =
    encoding === 'latin1' ? Buffer.from(all).toString('latin1') : new TextDecoder(encoding).decode(all);
  const bytes = new Map(Array.from(letters, (letter, byte) => [letter, byte]));
  return (text) => {
    const encoded = Buffer.alloc(text.length);
    for (let at = 0; at < text.length; at += 1) {
      const byte = bytes.get(text.charAt(at));
      if (byte === undefined) throw notInEncoding(text.codePointAt(at) ?? 0, encoding, place);
      encoded[at] = byte;
    }
    return encoded;
  };
}

function notInEncoding(code: number, encoding: Encoding, place: string): DataError {
  const letter = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return new DataError(`${place}: ${encoding} has no letter ${letter}, which is in the rows.`, {
    code: 'file_encoding',
    state: 'The file that was there before is unchanged.',
    next: 'Leave target_options.encoding out, and write UTF-8.',
  });
}
