import type { JsonObject, JsonValue } from '../../../core/json.ts';

/** Records as a table of text, for logs: a line of names, a rule, a line for each. What is no list of records is shown as JSON. */
export function textTable(value: JsonValue): string {
  const records = (Array.isArray(value) ? value : [value]) as readonly JsonValue[];
  if (records.length === 0 || !records.every(isRecord)) return shown(value);
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const lines = [names, ...records.map((record) => names.map((name) => shown(record[name] ?? null)))];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const written = lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(' | ')
      .trimEnd(),
  );
  const rule = widths.map((width) => '-'.repeat(width)).join('-+-');
  return [written[0], rule, ...written.slice(1)].join('\n');
}

function isRecord(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
