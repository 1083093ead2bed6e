import { quoteIdentifier } from '../../sql/quoting.ts';
import type { DataType } from '../../sql/data-type.ts';
import { type TemplateFunction, type TemplateObject, type Value } from '../jinja/index.ts';

const integers: ReadonlySet<string> = new Set<DataType['type']>(['int16', 'int32', 'int64']);
const floats: ReadonlySet<string> = new Set<DataType['type']>(['float32', 'float64']);

/** dbt's Column: what `adapter.get_columns_in_relation` gives. */
export interface TemplateColumn extends TemplateObject {
  readonly name: string;
  readonly dataType: string;
}

/** `family` is the name of a `DataType`, or the type's own name where only that is known. */
export function createColumn(name: string, dataType: string, family: string): TemplateColumn {
  return new ColumnObject(name, dataType, family);
}

class ColumnObject implements TemplateColumn {
  readonly name: string;
  readonly dataType: string;
  readonly #family: string;

  constructor(name: string, dataType: string, family: string) {
    this.name = name;
    this.dataType = dataType;
    this.#family = family;
  }

  toString(): string {
    return `<Column ${this.name} (${this.dataType})>`;
  }

  jinjaAttribute(name: string): Value | undefined {
    switch (name) {
      case 'name':
      case 'column':
        return this.name;
      case 'quoted':
        return quoteIdentifier(this.name);
      case 'dtype':
      case 'data_type':
        return this.dataType;
      case 'is_string':
        return answer(this.#family === 'text');
      case 'is_integer':
        return answer(integers.has(this.#family));
      case 'is_float':
        return answer(floats.has(this.#family));
      case 'is_numeric':
        return answer(this.#family === 'decimal');
      case 'is_number':
        return answer(integers.has(this.#family) || floats.has(this.#family) || this.#family === 'decimal');
      default:
        return undefined;
    }
  }
}

function answer(value: boolean): TemplateFunction {
  return () => value;
}
