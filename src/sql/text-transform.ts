import type { Dialect } from './dialect.ts';

/** Changes of text that PostgreSQL and DuckDB both can make. */
export type TextTransform =
  | 'trim_space'
  | 'upper'
  | 'lower'
  | 'empty_as_null'
  | 'hash_md5'
  | 'hash_sha256'
  | 'replace_accents'
  | 'replace_non_printable';

type Builder = (text: string, isPostgres: boolean) => string;

const blanks = 'chr(32) || chr(9) || chr(10) || chr(13)';

const builders: Readonly<Record<TextTransform, Builder>> = {
  trim_space: (text, isPostgres) => `${isPostgres ? 'btrim' : 'trim'}(${text}, ${blanks})`,
  upper: (text) => `upper(${text})`,
  lower: (text) => `lower(${text})`,
  empty_as_null: (text) => `nullif(${text}, '')`,
  hash_md5: (text) => `md5(${text})`,
  hash_sha256: (text, isPostgres) =>
    isPostgres ? `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')` : `sha256(${text})`,
  replace_accents: (text, isPostgres) =>
    isPostgres
      ? `regexp_replace(normalize(${text}, NFD), '[' || chr(768) || '-' || chr(879) || ']', '', 'g')`
      : `strip_accents(${text})`,
  replace_non_printable: (text) => `regexp_replace(${text}, '[[:cntrl:]]', '', 'g')`,
};

export const textTransforms: readonly TextTransform[] = Object.keys(builders) as TextTransform[];

/** `text` after these changes, in their order. */
export function transformedText(
  dialect: Dialect,
  text: string,
  transforms: readonly TextTransform[],
): string {
  return transforms.reduce((sql, name) => builders[name](sql, dialect.name === 'postgres'), text);
}
