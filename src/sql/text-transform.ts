import { ConfigError } from '../core/errors.ts';
import type { Dialect } from './dialect.ts';

/** Changes of text. */
export type TextTransform =
  | 'trim_space'
  | 'upper'
  | 'lower'
  | 'empty_as_null'
  | 'hash_md5'
  | 'hash_sha256'
  | 'replace_accents'
  | 'replace_non_printable';

type Builder = (text: string, dialectName: string) => string;

const blanks = 'chr(32) || chr(9) || chr(10) || chr(13)';

/** By dialect; DuckDB's where none is named. SQLite's are functions that the connector brings along. */
function spelt(spellings: Readonly<Record<string, Builder>>): Builder {
  return (text, dialectName) => (spellings[dialectName] ?? spellings['other'] ?? refuse)(text, dialectName);
}

const builders: Readonly<Record<TextTransform, Builder>> = {
  trim_space: spelt({
    postgres: (text) => `btrim(${text}, ${blanks})`,
    mysql: (text) => `regexp_replace(${text}, '^[ \t\n\r]+|[ \t\n\r]+$', '')`,
    sqlite: (text) => `trim(${text}, ' ' || char(9) || char(10) || char(13))`,
    other: (text) => `trim(${text}, ${blanks})`,
  }),
  upper: spelt({ sqlite: (text) => `millrace_upper(${text})`, other: (text) => `upper(${text})` }),
  lower: spelt({ sqlite: (text) => `millrace_lower(${text})`, other: (text) => `lower(${text})` }),
  empty_as_null: (text) => `nullif(${text}, '')`,
  hash_md5: spelt({
    sqlite: (text) => `millrace_hash('md5', ${text})`,
    other: (text) => `md5(${text})`,
  }),
  hash_sha256: spelt({
    postgres: (text) => `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`,
    mysql: (text) => `sha2(${text}, 256)`,
    sqlite: (text) => `millrace_hash('sha256', ${text})`,
    other: (text) => `sha256(${text})`,
  }),
  replace_accents: spelt({
    postgres: (text) =>
      `regexp_replace(normalize(${text}, NFD), '[' || chr(768) || '-' || chr(879) || ']', '', 'g')`,
    mysql: () => refuse('', 'mysql'),
    sqlite: (text) => `millrace_without_accents(${text})`,
    other: (text) => `strip_accents(${text})`,
  }),
  replace_non_printable: spelt({
    mysql: (text) => `regexp_replace(${text}, '[[:cntrl:]]', '')`,
    sqlite: (text) => `millrace_printable(${text})`,
    other: (text) => `regexp_replace(${text}, '[[:cntrl:]]', '', 'g')`,
  }),
};

function refuse(_text: string, dialectName: string): never {
  throw new ConfigError(`${dialectName} cannot take the accents from a text`, {
    code: 'not_yet_supported',
    next: 'Leave replace_accents out of transforms:, or write the expression into sql:',
  });
}

export const textTransforms: readonly TextTransform[] = Object.keys(builders) as TextTransform[];

/** `text` after these changes, in their order. */
export function transformedText(
  dialect: Dialect,
  text: string,
  transforms: readonly TextTransform[],
): string {
  return transforms.reduce((sql, name) => builders[name](sql, dialect.name), text);
}
