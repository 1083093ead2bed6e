import { hash } from 'node:crypto';

/** Marks of 64 bits: among 200,000 of them, one more is mistaken for another once in 90 million million times. */
export type Fingerprints = ReadonlySet<bigint>;

export function fingerprint(text: string): bigint {
  return hash('sha256', text, 'buffer').readBigUInt64LE();
}

/** As text, the same for the same ones: 11 characters each. */
export function packFingerprints(prints: Iterable<bigint>): string {
  const sorted = BigUint64Array.from(prints).sort();
  return Buffer.from(sorted.buffer).toString('base64');
}

export function unpackFingerprints(text: string): Fingerprints {
  const bytes = Buffer.from(text, 'base64');
  return new Set(new BigUint64Array(Uint8Array.from(bytes).buffer));
}
