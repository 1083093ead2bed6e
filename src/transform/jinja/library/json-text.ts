import { ValueError } from '../error/template-error.ts';
import { jsonKey } from '../value/conversion.ts';
import { mappingOf } from '../value/mapping.ts';
import { printed, typeName } from '../value/printing.ts';
import { isNumeric } from '../value/number.ts';
import { Tuple, Undefined, type Value } from '../value/value.ts';

export interface JsonLayout {
  readonly sortKeys: boolean;
  /** Spaces per level; undefined puts all on one line. */
  readonly indent?: number | undefined;
}

/** Python's `json.dumps`: a blank behind commas and colons, ASCII only. Throws for what JSON cannot say. */
export function jsonText(value: Value, layout: JsonLayout): string {
  return write(value, layout, '\n');
}

function write(value: Value, layout: JsonLayout, lineBreak: string): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return jsonString(value);
  if (isNumeric(value)) {
    return printed(value).replace('inf', 'Infinity').replace('nan', 'NaN');
  }
  const inner = layout.indent === undefined ? lineBreak : lineBreak + ' '.repeat(layout.indent);
  const items = Array.isArray(value) ? (value as Value[]) : value instanceof Tuple ? value.items : undefined;
  if (items)
    return enclosed(
      '[',
      ']',
      items.map((item) => write(item, layout, inner)),
      layout,
      lineBreak,
      inner,
    );
  const mapping = mappingOf(value);
  if (mapping) {
    const keys = layout.sortKeys
      ? mapping.keys().sort((a, b) => (jsonKey(a) < jsonKey(b) ? -1 : 1))
      : mapping.keys();
    const entries = keys.map(
      (key) => `${jsonString(jsonKey(key))}: ${write(mapping.get(key) ?? null, layout, inner)}`,
    );
    return enclosed('{', '}', entries, layout, lineBreak, inner);
  }
  if (value instanceof Undefined) throw new ValueError(value.hint, 'template_undefined');
  throw new ValueError(`A value of type '${typeName(value)}' cannot be written as JSON`);
}

function enclosed(
  open: string,
  close: string,
  parts: readonly string[],
  layout: JsonLayout,
  lineBreak: string,
  inner: string,
): string {
  if (parts.length === 0) return open + close;
  if (layout.indent === undefined) return open + parts.join(', ') + close;
  return open + inner + parts.join(`,${inner}`) + lineBreak + close;
}

function jsonString(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Safe inside of HTML, as Jinja's `tojson` filter writes it. */
export function htmlSafeJson(json: string): string {
  return json.replace(/[<>&']/g, (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
