import { createHash, randomUUID } from 'node:crypto';
import type { JsonValue } from '../../../core/json.ts';
import { type FunctionTable, listOf, numberOf, numberOr, textOf } from './function-kind.ts';

const ofText =
  (change: (text: string) => string) =>
  ([value]: readonly JsonValue[]): JsonValue =>
    value === null || value === undefined ? null : change(textOf(value));

const hash = (algorithm: string): ((text: string) => string) => {
  return (text) => createHash(algorithm).update(text).digest('hex');
};

const withoutAccents = (text: string): string => text.normalize('NFD').replaceAll(/\p{Mn}/gu, '');

export const textFunctions: FunctionTable = {
  upper: ofText((text) => text.toUpperCase()),
  lower: ofText((text) => text.toLowerCase()),
  trim: ofText((text) => text.trim()),
  trim_space: ofText((text) => text.trim()),
  trim_left: ofText((text) => text.trimStart()),
  trim_right: ofText((text) => text.trimEnd()),
  replace: ([text, from, to]) => textOf(text).replaceAll(textOf(from), () => textOf(to)),
  replace_accents: ofText(withoutAccents),
  remove_diacritics: ofText(withoutAccents),
  replace_0x00: ofText((text) => text.replaceAll('\0', '')),
  replace_non_printable: ofText((text) => text.replaceAll(/\p{Cc}/gu, '')),
  substring: ([text, start, end]) =>
    Array.from(textOf(text))
      .slice(numberOr(start, 0), end === undefined ? undefined : numberOf(end))
      .join(''),
  split: ([text, by]) => textOf(text).split(textOf(by)),
  split_part: ([text, by, index]) => textOf(text).split(textOf(by))[numberOf(index)] ?? null,
  join: ([list, by]) => listOf(list).map(textOf).join(textOf(by)),
  contains: ([text, part]) => textOf(text).includes(textOf(part)),
  starts_with: ([text, part]) => textOf(text).startsWith(textOf(part)),
  ends_with: ([text, part]) => textOf(text).endsWith(textOf(part)),
  regex_match: ([text, pattern]) => new RegExp(textOf(pattern), 'u').test(textOf(text)),
  length: ([value]) => {
    if (Array.isArray(value)) return value.length;
    return typeof value === 'object' && value !== null
      ? Object.keys(value).length
      : Array.from(textOf(value)).length;
  },
  encode_url: ofText(encodeURIComponent),
  decode_url: ofText(decodeURIComponent),
  encode_base64: ofText((text) => Buffer.from(text).toString('base64')),
  decode_base64: ofText((text) => Buffer.from(text, 'base64').toString()),
  hash: ([value, algorithm]) => {
    const name = textOf(algorithm) || 'md5';
    if (['md5', 'sha256', 'sha512'].includes(name)) return hash(name)(textOf(value));
    throw new RangeError(`hash() knows md5, sha256 and sha512, and not ${name}`);
  },
  hash_md5: ofText(hash('md5')),
  hash_sha256: ofText(hash('sha256')),
  hash_sha512: ofText(hash('sha512')),
  uuid: () => randomUUID(),
};
