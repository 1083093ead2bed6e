import { ConfigError } from '../../core/errors.ts';

export interface CsvTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface CsvLeniency {
  /** Whether fields that a row does not have are empty. */
  readonly padsShortRows: boolean;
  /** Which blank lines are rows of empty fields. */
  readonly keepsBlankLines: 'none' | 'of one column' | 'all';
}

const strictly: CsvLeniency = { padsShortRows: false, keepsBlankLines: 'none' };

/** Reads a whole CSV (RFC 4180) with a header. A broken row is a `seed_invalid` ConfigError with its line. */
export function parseCsv(
  file: string,
  text: string,
  delimiter: string,
  leniency: CsvLeniency = strictly,
): CsvTable {
  const records = readRecords(file, text.replace(/^\uFEFF/, ''), delimiter);
  const [first, ...found] = records.filter((record, index) => index > 0 || !isBlank(record));
  if (!first)
    throw new ConfigError('the seed is empty; it needs a header', {
      code: 'seed_invalid',
      origin: { file, line: 1 },
    });
  const seen = new Set<string>();
  for (const name of first.fields) {
    if (name === '' || seen.has(name.toLowerCase())) {
      const what = name === '' ? 'a column without a name' : `the column "${name}" twice`;
      throw new ConfigError(`the header has ${what}`, { code: 'seed_invalid', origin: { file, line: 1 } });
    }
    seen.add(name.toLowerCase());
  }
  const width = first.fields.length;
  const keepsBlank =
    leniency.keepsBlankLines === 'all' || (leniency.keepsBlankLines === 'of one column' && width === 1);
  const rest = found.flatMap((record) => {
    if (isBlank(record)) return keepsBlank ? [padded(record, width)] : [];
    return [leniency.padsShortRows ? padded(record, width) : record];
  });
  for (const { fields, line } of rest) {
    if (fields.length !== width) {
      throw new ConfigError(
        `the row has ${fields.length} fields, the header ${width} (delimiter ${JSON.stringify(delimiter)})`,
        { code: 'seed_invalid', origin: { file, line } },
      );
    }
  }
  return { header: first.fields, rows: rest.map((record) => record.fields) };
}

interface CsvRecord {
  readonly fields: string[];
  readonly line: number;
}

function readRecords(file: string, text: string, delimiter: string): readonly CsvRecord[] {
  const records: CsvRecord[] = [];
  let position = 0;
  let line = 1;
  while (position < text.length) {
    const record: CsvRecord = { fields: [], line };
    let isRecordOpen = true;
    while (isRecordOpen) {
      const field =
        text[position] === '"'
          ? quotedField(file, text, position, line)
          : bareField(text, position, delimiter);
      record.fields.push(field.value);
      position = field.end;
      line += field.lineBreaks;
      if (text.startsWith(delimiter, position)) {
        position += delimiter.length;
        continue;
      }
      isRecordOpen = false;
      const lineEnd = /^\r\n|^\n|^\r/.exec(text.slice(position, position + 2))?.[0];
      if (lineEnd === undefined && position < text.length) {
        throw new ConfigError('text after a closing quote', { code: 'seed_invalid', origin: { file, line } });
      }
      position += lineEnd?.length ?? 0;
      line += 1;
    }
    records.push(record);
  }
  return records;
}

function isBlank({ fields }: CsvRecord): boolean {
  return fields.length === 1 && fields[0] === '';
}

function padded({ fields, line }: CsvRecord, width: number): CsvRecord {
  const missing = Math.max(0, width - fields.length);
  return { fields: [...fields, ...Array.from({ length: missing }, () => '')], line };
}

interface Field {
  readonly value: string;
  readonly end: number;
  readonly lineBreaks: number;
}

function quotedField(file: string, text: string, start: number, line: number): Field {
  let value = '';
  let position = start + 1;
  for (;;) {
    const quote = text.indexOf('"', position);
    if (quote < 0) {
      throw new ConfigError('a quoted field is not closed', { code: 'seed_invalid', origin: { file, line } });
    }
    value += text.slice(position, quote);
    if (text[quote + 1] !== '"') {
      return { value, end: quote + 1, lineBreaks: value.split('\n').length - 1 };
    }
    value += '"';
    position = quote + 2;
  }
}

function bareField(text: string, start: number, delimiter: string): Field {
  let end = start;
  while (end < text.length && text[end] !== '\n' && text[end] !== '\r' && !text.startsWith(delimiter, end))
    end += 1;
  return { value: text.slice(start, end), end, lineBreaks: 0 };
}
