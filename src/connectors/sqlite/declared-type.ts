import type { DataType } from '../../sql/data-type.ts';

/**
 * What a declared column type means. SQLite keeps the words and derives an affinity from them
 * (https://www.sqlite.org/datatype3.html, section 3.1); the words tell more than the affinity, so
 * they are read first:
 *
 * | declared | type |
 * |---|---|
 * | BOOL, BOOLEAN | boolean |
 * | DATE / TIME | date / time, from ISO text |
 * | DATETIME, TIMESTAMP | timestamp, from ISO text; a zone is converted to UTC |
 * | TIMESTAMPTZ, TIMESTAMP WITH TIME ZONE | timestamptz, from ISO text; no zone means UTC |
 * | DECIMAL(p,s), NUMERIC(p,s) | exact decimal |
 * | UUID, JSON, the same with TEXT behind | uuid, json |
 * | DECIMAL TEXT(p,s) | exact decimal, kept as text |
 * | affinity INTEGER: holds INT | int64 |
 * | affinity TEXT: holds CHAR, CLOB or TEXT | text; a length is not enforced by SQLite and so not kept |
 * | BLOB | bytes |
 * | affinity REAL: holds REAL, FLOA or DOUB | float64 |
 *
 * Anything else, such as no type, ANY or STRING, says nothing: undefined. All stored values must
 * then be looked at.
 */
export function declaredDataType(declared: string | null): DataType | undefined {
  const words = (declared ?? '').trim().toUpperCase().replaceAll(/\s+/g, ' ');
  const base = words.replace(/ ?\(.*?\)/, '');
  const named = namedTypes[base];
  if (named) return named;
  if (/^(DECIMAL|NUMERIC|DEC|NUMBER|DECIMAL TEXT)$/.test(base)) return decimalType(words);
  if (words.includes('INT')) return { type: 'int64' };
  if (/CHAR|CLOB|TEXT/.test(words)) return { type: 'text' };
  if (words.includes('BLOB')) return { type: 'bytes' };
  if (/REAL|FLOA|DOUB/.test(words)) return { type: 'float64' };
  return undefined;
}

const namedTypes: Readonly<Record<string, DataType>> = {
  BOOL: { type: 'boolean' },
  BOOLEAN: { type: 'boolean' },
  DATE: { type: 'date' },
  TIME: { type: 'time' },
  DATETIME: { type: 'timestamp' },
  TIMESTAMP: { type: 'timestamp' },
  'TIMESTAMP WITHOUT TIME ZONE': { type: 'timestamp' },
  TIMESTAMPTZ: { type: 'timestamptz' },
  'TIMESTAMP WITH TIME ZONE': { type: 'timestamptz' },
  UUID: { type: 'uuid' },
  JSON: { type: 'json' },
  'UUID TEXT': { type: 'uuid' },
  'JSON TEXT': { type: 'json' },
};

function decimalType(words: string): DataType {
  const [, precision, scale] = /\( ?(\d+) ?(?:, ?(\d+) ?)?\)/.exec(words) ?? [];
  if (precision === undefined) return { type: 'decimal' };
  return { type: 'decimal', precision: Number(precision), scale: Number(scale ?? 0) };
}

/** The type that holds values of all these `typeof()` answers, NULL left out; undefined for a mixture. */
export function storedDataType(storageClasses: ReadonlySet<string>): DataType | undefined {
  const classes = [...storageClasses].filter((name) => name !== 'null').sort();
  switch (classes.join()) {
    case '':
    case 'text':
      return { type: 'text' };
    case 'integer':
      return { type: 'int64' };
    case 'real':
    case 'integer,real':
      return { type: 'float64' };
    case 'blob':
      return { type: 'bytes' };
    default:
      return undefined;
  }
}
