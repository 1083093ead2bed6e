import { describe, expect, test } from 'vitest';
import { messageHeader, messageType } from './copy-message.ts';
import { CopyPieces } from './copy-pieces.ts';

const copyOutResponse = 0x48;
const notice = 0x4e;

function message(type: number, body: string): Buffer {
  return Buffer.concat([messageHeader(type, Buffer.byteLength(body)), Buffer.from(body)]);
}

const rows = ['first row', '', 'the second'];
const copying = Buffer.concat([
  message(copyOutResponse, '\0\0\0'),
  ...rows.map((row) => message(messageType.copyData, row)),
  message(notice, 'by the way'),
  message(messageType.copyData, 'third'),
]);
const done = Buffer.concat([message(messageType.copyDone, ''), Buffer.from('what follows')]);

/** Says that a chunk is looked at no more by overwriting it. */
function push(pieces: CopyPieces, bytes: Buffer): ReturnType<CopyPieces['push']> {
  const chunk = Buffer.from(bytes);
  const state = pieces.push(chunk);
  chunk.fill(0xff);
  return state;
}

describe('pieces of a COPY ... TO STDOUT', () => {
  test('are the bodies of its data, wherever the chunks are cut', () => {
    const all = Buffer.concat([copying, done]);
    for (let cut = 1; cut <= all.length - 'what follows'.length; cut += 1) {
      const pieces = new CopyPieces();
      const first = push(pieces, all.subarray(0, cut));
      const state = first === 'done' ? first : push(pieces, all.subarray(cut));
      expect(state).toBe('done');
      expect(Buffer.concat(pieces.ready).toString()).toBe(`${rows.join('')}third`);
      const unread = first === 'done' ? all.length - cut : 0;
      expect(pieces.rest().toString()).toBe('what follows'.slice(0, 'what follows'.length - unread));
    }
  });

  test('come byte by byte as well', () => {
    const pieces = new CopyPieces();
    for (const byte of copying) expect(push(pieces, Buffer.from([byte]))).toBe('copying');
    pieces.hurry();
    expect(Buffer.concat(pieces.ready).toString()).toBe(`${rows.join('')}third`);
  });

  test('an error is left to others with its header, wherever that is torn', () => {
    const error = Buffer.concat([message(messageType.error, 'disk full'), Buffer.from('ready')]);
    for (let cut = 0; cut < 5; cut += 1) {
      const pieces = new CopyPieces();
      push(pieces, Buffer.concat([copying, error.subarray(0, cut)]));
      expect(push(pieces, error.subarray(cut))).toBe('error');
      expect(pieces.rest()).toEqual(error);
    }
  });

  test('released memory is filled again, and a chunk larger than it has room', () => {
    const pieces = new CopyPieces();
    const body = 'x'.repeat(200 * 1024);
    const memories = new Set<ArrayBufferLike>();
    for (let chunk = 0; chunk < 20; chunk += 1) {
      push(pieces, message(messageType.copyData, body));
      for (const piece of pieces.ready.splice(0)) {
        expect(piece.toString()).toBe(body);
        memories.add(piece.buffer);
        pieces.release(piece);
      }
    }
    expect(memories.size).toBe(2);
    const large = 'y'.repeat(3 * 1024 * 1024);
    push(pieces, message(messageType.copyData, large));
    pieces.hurry();
    expect(pieces.ready.at(-1)?.toString()).toBe(large);
  });
});
