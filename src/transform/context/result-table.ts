import type { ResultSet } from '../../connector/result-set.ts';
import type { DataType } from '../../sql/data-type.ts';
import { dateFromText } from './date-time.ts';
import {
  type CallArguments,
  decimalOf,
  decimalOfFloat,
  itemsOf,
  mappingOf,
  methodValue,
  printed,
  type TemplateObject,
  Tuple,
  type Value,
} from '../jinja/index.ts';

/** What `run_query` gives: rows and columns to walk over, as agate's Table has them. */
export function createResultTable(result: ResultSet): ResultTable {
  const names = result.columns.map((column) => column.name);
  const types = result.columns.map((column) => column.type.type);
  const rows = result.rows.map(
    (row) =>
      new ResultRow(
        names,
        row.map((value, index) => templateValue(value, types[index] ?? 'text')),
      ),
  );
  return new ResultTable(names, rows);
}

export class ResultTable implements TemplateObject {
  readonly #names: readonly string[];
  readonly rows: readonly ResultRow[];

  constructor(names: readonly string[], rows: readonly ResultRow[]) {
    this.#names = names;
    this.rows = rows;
  }

  toString(): string {
    return `<ResultTable ${this.#names.join(', ')}>`;
  }

  jinjaAttribute(name: string): Value | undefined {
    switch (name) {
      case 'rows':
        return [...this.rows];
      case 'columns':
        return new ResultColumns(this.#names.map((column, index) => this.#column(column, index)));
      case 'column_names':
        return new Tuple([...this.#names]);
      case 'print_table':
        return (args: CallArguments) => {
          const text = [this.#names, ...this.rows.map((row) => row.values)]
            .map((values) => `| ${values.map((value) => printed(value)).join(' | ')} |`)
            .join('\n');
          return args.site.call(args.site.lookup('print') ?? null, args.with([text]));
        };
      case 'select':
        return (args: CallArguments) =>
          this.#select(itemsOf(args.get(0, 'key') ?? []).map((key) => printed(key)));
      case 'rename':
        return (args: CallArguments) => this.#renamed(args.get(0, 'column_names') ?? null);
      case 'limit':
        return (args: CallArguments) => {
          const count = args.get(0, 'start_or_stop');
          return new ResultTable(
            this.#names,
            this.rows.slice(0, typeof count === 'number' ? count : undefined),
          );
        };
      case 'exclude':
        return (args: CallArguments) => {
          const excluded = itemsOf(args.get(0, 'key') ?? []).map((key) => printed(key));
          return this.#select(this.#names.filter((column) => !excluded.includes(column)));
        };
      default:
        return undefined;
    }
  }

  jinjaItem(key: Value): Value | undefined {
    return typeof key === 'number' ? this.rows.at(key) : undefined;
  }

  jinjaIterate(): Iterable<Value> {
    return this.rows;
  }

  jinjaLength(): number {
    return this.rows.length;
  }

  #select(names: readonly string[]): ResultTable {
    return new ResultTable(
      names,
      this.rows.map(
        (row) =>
          new ResultRow(
            names,
            names.map((name) => row.jinjaItem(name) ?? null),
          ),
      ),
    );
  }

  /** Other names: all of them in order, or new ones by old ones. */
  #renamed(given: Value): ResultTable {
    const byName = mappingOf(given);
    const listed = byName ? [] : itemsOf(given ?? []).map((name) => printed(name));
    const names = this.#names.map((name, index) => {
      const found = byName?.get(name);
      return found === undefined ? (listed[index] ?? name) : printed(found);
    });
    return new ResultTable(
      names,
      this.rows.map((row) => new ResultRow(names, row.values)),
    );
  }

  #column(name: string, index: number): ResultColumn {
    return new ResultColumn(
      name,
      this.rows.map((row) => row.values[index] ?? null),
    );
  }
}

class ResultColumns implements TemplateObject {
  readonly #columns: readonly ResultColumn[];

  constructor(columns: readonly ResultColumn[]) {
    this.#columns = columns;
  }

  jinjaItem(key: Value): Value | undefined {
    if (typeof key === 'number') return this.#columns.at(key);
    return this.#columns.find((column) => column.name === key);
  }

  jinjaAttribute(name: string): Value | undefined {
    if (name === 'keys') return () => new Tuple(this.#columns.map((column) => column.name));
    if (name === 'items') return () => this.#columns.map((column) => new Tuple([column.name, column]));
    if (name === 'get') return (args: CallArguments) => this.jinjaItem(args.get(0, 'key') ?? null) ?? null;
    if (name === 'values') return () => new Tuple([...this.#columns]);
    return this.#columns.find((column) => column.name === name);
  }

  jinjaIterate(): Iterable<Value> {
    return this.#columns;
  }

  jinjaLength(): number {
    return this.#columns.length;
  }
}

class ResultColumn implements TemplateObject {
  readonly name: string;
  readonly #values: readonly Value[];

  constructor(name: string, values: readonly Value[]) {
    this.name = name;
    this.#values = values;
  }

  jinjaAttribute(name: string): Value | undefined {
    if (name === 'name') return this.name;
    if (name === 'data_type') return jsonType;
    if (name === 'values') return () => new Tuple([...this.#values]);
    if (name === 'values_distinct') return () => new Tuple([...new Set(this.#values)]);
    if (name === 'values_without_nulls')
      return () => new Tuple(this.#values.filter((value) => value !== null));
    return undefined;
  }

  jinjaItem(key: Value): Value | undefined {
    return typeof key === 'number' ? this.#values.at(key) : undefined;
  }

  jinjaIterate(): Iterable<Value> {
    return this.#values;
  }

  jinjaLength(): number {
    return this.#values.length;
  }
}

/** What agate's types have in common: they make their values such as JSON can have. */
class JsonType implements TemplateObject {
  jinjaAttribute(name: string): Value | undefined {
    if (name !== 'jsonify') return undefined;
    return methodValue(name, (args) => {
      const value = args.get(0, 'd') ?? null;
      return value === null || typeof value !== 'object' ? value : printed(value);
    });
  }
}

const jsonType = new JsonType();

class ResultRow implements TemplateObject {
  readonly values: readonly Value[];
  readonly #names: readonly string[];

  constructor(names: readonly string[], values: readonly Value[]) {
    this.#names = names;
    this.values = values;
  }

  jinjaItem(key: Value): Value | undefined {
    if (typeof key === 'number') return this.values.at(key);
    const index = this.#names.findIndex((name) => name === key);
    return index < 0 ? undefined : this.values[index];
  }

  jinjaAttribute(name: string): Value | undefined {
    if (name === 'values') return () => new Tuple([...this.values]);
    if (name === 'keys') return () => new Tuple([...this.#names]);
    if (name === 'items') {
      return () => this.#names.map((key, index) => new Tuple([key, this.values[index] ?? null]));
    }
    if (name === 'dict') {
      return () =>
        new Map(this.#names.map((key, index): [string, Value] => [key, this.values[index] ?? null]));
    }
    if (name === 'get') {
      return (args: CallArguments) => {
        const { key, fallback } = args.bind('get', ['key', 'fallback?']);
        return this.jinjaItem(key ?? null) ?? fallback ?? null;
      };
    }
    return this.jinjaItem(name);
  }

  jinjaIterate(): Iterable<Value> {
    return this.values;
  }

  jinjaLength(): number {
    return this.values.length;
  }
}

const isNumber = /^-?\d+(\.\d+)?$/;

/** Numbers with a point are decimals in agate, floats too. */
function templateValue(value: unknown, type: DataType['type']): Value {
  if (value === null || value === undefined) return null;
  if (typeof value === 'string') {
    if (type === 'decimal') return isNumber.test(value) ? decimalOf(value) : value;
    return type === 'date' || type === 'timestamp' || type === 'timestamptz'
      ? dateFromText(value, type)
      : value;
  }
  if (typeof value === 'number' && type.startsWith('float')) return decimalOfFloat(value);
  return value;
}
