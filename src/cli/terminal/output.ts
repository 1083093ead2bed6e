import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Colours only where somebody looks: on a terminal, and unless NO_COLOR says otherwise. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return stream.isTTY && !process.env['NO_COLOR'] ? styleText(style, text, { validateStream: false }) : text;
}

export function printLine(text = '', stream: NodeJS.WriteStream = process.stdout): void {
  stream.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  printLine(
    JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? item.toString() : item), 2),
  );
}

/** Columns aligned by width; numbers to the right. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, index) =>
    Math.max(title.length, ...rows.map((row) => visibleLength(row[index] ?? ''))),
  );
  const numeric = header.map(
    (_, index) => rows.length > 0 && rows.every((row) => /^-?[\d,.]*%?$/.test(row[index] ?? '')),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => {
        const gap = ' '.repeat(Math.max(0, (widths[index] ?? 0) - visibleLength(cell)));
        return numeric[index] ? gap + cell : cell + gap;
      })
      .join('  ')
      .trimEnd();
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map((row) => line(row))].join(
    '\n',
  );
}

// eslint-disable-next-line no-control-regex
const escapes = /\u001B\[[0-9;]*m/g;

function visibleLength(text: string): number {
  return text.replace(escapes, '').length;
}

/** Without `Intl`, which takes ten milliseconds to begin. */
export function formatCount(count: number | undefined): string {
  return count === undefined ? '' : String(Math.round(count)).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  const minutes = Math.floor(milliseconds / 60_000);
  return `${minutes} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}

/** Shows what is being done on a terminal until the function that it returns is called. */
export function showStatus(text: string, stream: NodeJS.WriteStream = process.stderr): () => void {
  if (!stream.isTTY) return () => undefined;
  stream.write(`${text} …`);
  return () => void stream.write('\r\u001B[2K');
}

/** RFC 4180: a field is quoted where it must be; NULL is nothing, the empty text is quoted. */
export function formatCsvLine(fields: readonly (string | undefined)[]): string {
  return fields
    .map((field) => {
      if (field === undefined) return '';
      return field === '' || /[",\r\n]|^\s|\s$/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
    })
    .join(',');
}
