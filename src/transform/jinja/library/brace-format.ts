import { ValueError } from '../error/template-error.ts';
import type { CallArguments } from '../value/call-arguments.ts';
import { mappingOf } from '../value/mapping.ts';
import { printed, represented } from '../value/printing.ts';
import type { Value } from '../value/value.ts';
import { formatValue } from './format-spec.ts';
import { itemOf, objectAttribute } from './object-attribute.ts';

interface FieldSource {
  readonly at: (index: number) => Value | undefined;
  readonly named: (name: string) => Value | undefined;
}

/** Python's `text.format(...)`. */
export function formatText(template: string, args: CallArguments): string {
  return format(template, {
    at: (index) => args.positional[index],
    named: (name) => args.keyword.get(name),
  });
}

/** Python's `text.format_map(mapping)`. */
export function formatTextByMapping(template: string, args: CallArguments): string {
  const mapping = mappingOf(args.bind('format_map', ['mapping'])['mapping'] ?? null);
  if (!mapping) throw new ValueError('format_map() takes a dict');
  return format(template, { at: () => undefined, named: (name) => mapping.get(name) });
}

function format(template: string, source: FieldSource): string {
  let nextIndex = 0;
  const numbered: FieldSource = {
    at: source.at,
    named: (name) => (name === '' ? source.at(nextIndex++) : source.named(name)),
  };
  return replaceFields(template, numbered, 2);
}

/** `depth` is how deep fields may stand inside of the formats of other fields. */
function replaceFields(template: string, source: FieldSource, depth: number): string {
  if (depth === 0) throw new ValueError('The fields of a format nest too deep', 'template_value');
  let result = '';
  let position = 0;
  while (position < template.length) {
    const character = template[position] ?? '';
    if (character !== '{' && character !== '}') {
      result += character;
      position += 1;
    } else if (template[position + 1] === character) {
      result += character;
      position += 2;
    } else if (character === '}') {
      throw new ValueError("A single '}' stands in the text to format", 'template_value');
    } else {
      const end = fieldEnd(template, position);
      result += replaceField(template.slice(position + 1, end), source, depth);
      position = end + 1;
    }
  }
  return result;
}

function fieldEnd(template: string, open: number): number {
  let depth = 0;
  for (let at = open; at < template.length; at += 1) {
    if (template[at] === '{') depth += 1;
    else if (template[at] === '}') depth -= 1;
    if (depth === 0) return at;
  }
  throw new ValueError("A '{' of the text to format is not closed", 'template_value');
}

const fieldPattern = /^([^!:.[]*)((?:\.[^.[!:]+|\[[^\]]+\])*)(?:!([rsa]))?(?::([^]*))?$/;

function replaceField(field: string, source: FieldSource, depth: number): string {
  const parts = fieldPattern.exec(field);
  if (!parts) throw new ValueError(`'{${field}}' is no field of a format`, 'template_value');
  const [, name = '', path = '', conversion, spec = ''] = parts;
  let value = /^\d+$/.test(name) ? source.at(Number(name)) : source.named(name);
  if (value === undefined) throw new ValueError(`The format has no value for '{${field}}'`, 'template_value');
  for (const [part] of path.matchAll(/\.[^.[]+|\[[^\]]+\]/g)) value = follow(value, part);
  if (conversion !== undefined) value = conversion === 's' ? printed(value) : represented(value);
  return formatValue(value, spec.includes('{') ? replaceFields(spec, source, depth - 1) : spec);
}

function follow(value: Value, part: string): Value {
  const name = part.startsWith('.') ? part.slice(1) : part.slice(1, -1);
  const key = /^\d+$/.test(name) ? Number(name) : name;
  const found = part.startsWith('.') ? objectAttribute(value, name) : itemOf(value, key);
  if (found === undefined) throw new ValueError(`The format's value has no '${name}'`, 'template_value');
  return found;
}
