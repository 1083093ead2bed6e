import { quoteIdentifier } from '../../sql/quoting.ts';
import { methodValue, printed, type TemplateObject, type Value } from '../jinja/index.ts';

const strings = new Set(['text', 'varchar', 'character varying', 'character', 'char', 'bpchar', 'string']);
const integers = new Set([
  ...['tinyint', 'smallint', 'integer', 'bigint', 'hugeint', 'int', 'int2', 'int4', 'int8', 'int64'],
  ...['utinyint', 'usmallint', 'uinteger', 'ubigint', 'uhugeint', 'smallserial', 'serial', 'bigserial'],
]);
const floats = new Set(['real', 'float', 'float4', 'float8', 'double', 'double precision']);
const numerics = new Set(['numeric', 'decimal']);

/** What dbt takes for the length of a text whose type names none. */
const unknownStringSize = 256;

/** dbt's Column: what `adapter.get_columns_in_relation` gives. */
export interface TemplateColumn extends TemplateObject {
  readonly name: string;
  /** As the database spells it, with its size. */
  readonly dataType: string;
}

export function createColumn(name: string, dataType: string): TemplateColumn {
  return new ColumnObject(name, dataType);
}

class ColumnObject implements TemplateColumn {
  readonly name: string;
  readonly dataType: string;
  /** Without its size. */
  readonly #type: string;
  readonly #sizes: readonly number[];

  constructor(name: string, dataType: string) {
    this.name = name;
    this.dataType = dataType;
    this.#type = dataType.replace(/\(.*?\)/, '').trim();
    this.#sizes = (/\(([\d\s,]+)\)/.exec(dataType)?.[1] ?? '').split(',').filter(Boolean).map(Number);
  }

  toString(): string {
    return `<Column ${this.name} (${this.dataType})>`;
  }

  jinjaEquals(other: Value): boolean {
    return other instanceof ColumnObject && other.name === this.name && other.dataType === this.dataType;
  }

  jinjaAttribute(name: string): Value | undefined {
    const [size, scale] = this.#sizes;
    switch (name) {
      case 'name':
      case 'column':
        return this.name;
      case 'quoted':
        return quoteIdentifier(this.name);
      case 'dtype':
        return this.#type;
      case 'data_type':
        return this.dataType === 'VARCHAR' ? `character varying(${unknownStringSize})` : this.dataType;
      case 'char_size':
        return this.#isString() ? (size ?? null) : null;
      case 'numeric_precision':
        return numerics.has(this.#family()) ? (size ?? null) : null;
      case 'numeric_scale':
        return numerics.has(this.#family()) ? (scale ?? null) : null;
      default:
        return this.#question(name);
    }
  }

  #question(name: string): Value | undefined {
    const family = this.#family();
    switch (name) {
      case 'is_string':
        return methodValue(name, () => this.#isString());
      case 'is_integer':
        return methodValue(name, () => integers.has(family));
      case 'is_float':
        return methodValue(name, () => floats.has(family));
      case 'is_numeric':
        return methodValue(name, () => numerics.has(family));
      case 'is_number':
        return methodValue(name, () => [integers, floats, numerics].some((kinds) => kinds.has(family)));
      case 'string_size':
        return methodValue(name, () => this.#size());
      case 'can_expand_to':
        return methodValue(name, (args) => {
          const other = args.get(0, 'other_column');
          return (
            other instanceof ColumnObject &&
            this.#isString() &&
            other.#isString() &&
            other.#size() > this.#size()
          );
        });
      case 'string_type':
        return methodValue(name, (args) => `character varying(${printed(args.get(0, 'size') ?? '')})`);
      case 'literal':
        return methodValue(name, (args) => `${printed(args.get(0, 'value') ?? '')}::${this.dataType}`);
      default:
        return undefined;
    }
  }

  #family(): string {
    return this.#type.toLowerCase();
  }

  #isString(): boolean {
    return strings.has(this.#family());
  }

  #size(): number {
    return this.#sizes[0] ?? unknownStringSize;
  }
}
