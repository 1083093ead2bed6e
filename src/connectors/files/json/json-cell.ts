import { literal, quote } from '../engine/engine.ts';
import { verbatimMark } from '../formats/json-text.ts';

/** SQL over the values of a column that DuckDB has read as JSON. */
export interface JsonCell {
  /** As text; JSON's null is NULL. */
  text(name: string): string;
  /** The value itself; JSON's null is NULL. */
  json(name: string): string;
  /** What JSON calls it: VARCHAR, DOUBLE, OBJECT ...; `exactKind` for numbers that a double would round. */
  kind(name: string): string;
}

/** Kind of numbers with a fraction whose digits are all at hand. */
export const exactKind = 'EXACT';

export const plainCell: JsonCell = {
  text: (name) => `(${quote(name)} ->> '$')`,
  json: (name) => `case when json_type(${quote(name)}) <> 'NULL' then ${quote(name)} end`,
  kind: (name) => `json_type(${quote(name)})`,
};

/** Of files in which some values stand as JSON behind `verbatimMark`. */
export const verbatimCell: JsonCell = {
  text: (name) => either(name, written(name), plainCell.text(name)),
  json: (name) => either(name, `cast(${written(name)} as json)`, plainCell.json(name)),
  kind: (name) =>
    either(
      name,
      `case left(${written(name)}, 1) when '{' then 'OBJECT' when '[' then 'ARRAY' else '${exactKind}' end`,
      plainCell.kind(name),
    ),
};

function either(name: string, verbatim: string, plain: string): string {
  return `(case when starts_with(${plainCell.text(name)}, ${literal(verbatimMark)}) then ${verbatim} else ${plain} end)`;
}

function written(name: string): string {
  return `substr(${plainCell.text(name)}, ${verbatimMark.length + 1})`;
}
