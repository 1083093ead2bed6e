import type { Quoting } from '../files/quoting.ts';
import {
  type CallArguments,
  mappingOf,
  methodValue,
  printed,
  type TemplateObject,
  type Value,
} from '../jinja/index.ts';
import { cteName, createRelation, relationTypeOf } from './relation.ts';
import { createColumn } from './template-column.ts';

/** dbt's `api`: makers of relations and columns. */
export function createApi(project: ApiParts): Readonly<Record<string, Value>> {
  return { Relation: new RelationMaker(project), Column: new ColumnMaker() };
}

interface ApiParts {
  /** Empty where names have two parts. */
  readonly databaseName: string;
  readonly quoting: Quoting;
}

const nameParts = ['database', 'schema', 'identifier'] as const;

class RelationMaker implements TemplateObject {
  readonly #project: ApiParts;

  constructor(project: ApiParts) {
    this.#project = project;
  }

  jinjaCall(args: CallArguments): Value {
    return this.#create(args);
  }

  jinjaAttribute(name: string): Value | undefined {
    switch (name) {
      case 'create':
        return methodValue(name, (args) => this.#create(args));
      case 'add_ephemeral_prefix':
        return methodValue(name, (args) => cteName(printed(args.get(0, 'name') ?? '')));
      case 'Table':
      case 'View':
      case 'CTE':
      case 'MaterializedView':
      case 'External':
        return name === 'MaterializedView' ? 'materialized_view' : name.toLowerCase();
      default:
        return undefined;
    }
  }

  #create(args: CallArguments): Value {
    const bound = args.bind('api.Relation.create', [
      'database?',
      'schema?',
      'identifier?',
      'type?',
      'quote_policy?',
      'include_policy?',
      'limit?',
    ]);
    const text = (name: string): string => {
      const value = bound[name];
      return value === undefined || value === null ? '' : printed(value);
    };
    const policy = mappingOf(bound['quote_policy'] ?? null);
    const name = {
      database: this.#project.databaseName === '' ? '' : text('database'),
      schema: text('schema'),
      identifier: text('identifier'),
      bare: nameParts.filter((part) => (policy?.get(part) ?? this.#project.quoting[part]) === false),
    };
    return createRelation(name, relationTypeOf(bound['type']));
  }
}

class ColumnMaker implements TemplateObject {
  jinjaCall(args: CallArguments): Value {
    const { column, dtype, char_size, numeric_precision, numeric_scale } = args.bind('api.Column', [
      'column',
      'dtype',
      'char_size?',
      'numeric_precision?',
      'numeric_scale?',
    ]);
    const size = [char_size ?? numeric_precision, numeric_scale].filter(
      (part) => part !== undefined && part !== null,
    );
    const type = printed(dtype ?? null);
    const sized = size.length === 0 ? type : `${type}(${size.map((part) => printed(part ?? '')).join(',')})`;
    return createColumn(printed(column ?? null), sized);
  }

  jinjaAttribute(name: string): Value | undefined {
    switch (name) {
      case 'create':
        return methodValue(name, (args) => this.jinjaCall(args));
      case 'translate_type':
        return methodValue(name, (args) => translated(printed(args.get(0, 'dtype') ?? '')));
      case 'string_type':
        return methodValue(name, (args) => `character varying(${printed(args.get(0, 'size') ?? '')})`);
      case 'numeric_type':
        return methodValue(name, ({ positional: [type = 'numeric', precision, scale] }) =>
          precision === undefined || precision === null
            ? printed(type)
            : `${printed(type)}(${printed(precision)},${printed(scale ?? 0)})`,
        );
      default:
        return undefined;
    }
  }
}

/** Type names that mean something else, or nothing, in the warehouse. */
function translated(type: string): string {
  const known: Readonly<Record<string, string>> = { STRING: 'TEXT' };
  return known[type.toUpperCase()] ?? type;
}
