import { ConfigError } from '../../core/errors.ts';
import { quoteIdentifier } from '../../sql/quoting.ts';
import type { NamePart as Part, RelationName } from '../manifest/transform-node.ts';
import {
  type CallArguments,
  mappingOf,
  printed,
  type TemplateFunction,
  type TemplateObject,
  type Value,
} from '../jinja/index.ts';

const relationTypes = ['table', 'view', 'cte', 'materialized_view', 'external'] as const;
export type RelationType = (typeof relationTypes)[number];

const parts: readonly Part[] = ['database', 'schema', 'identifier'];
const allParts: ReadonlySet<Part> = new Set(parts);

/** dbt's Relation: prints as its quoted name. */
export interface Relation extends TemplateObject {
  readonly relationName: RelationName;
  readonly type: RelationType | undefined;
  toString(): string;
}

/** A relation of that name; `type` is absent where it is not known. A `cte` prints as its bare identifier. */
export function createRelation(name: RelationName, type?: RelationType): Relation {
  return new TemplateRelation(name, type);
}

function quotedParts({ bare = [] }: RelationName): ReadonlySet<Part> {
  return bare.length === 0 ? allParts : new Set(parts.filter((part) => !bare.includes(part)));
}

/** A relation that prints as a query of some of its rows. */
export function narrowedRelation(relation: Relation, query: string): Relation {
  return new TemplateRelation(relation.relationName, relation.type, allParts, allParts, query);
}

/** A relation's type by dbt's word; undefined for None and unknown words. */
export function relationTypeOf(value: Value | undefined): RelationType | undefined {
  const word = typeof value === 'string' ? value.toLowerCase() : undefined;
  return relationTypes.find((type) => type === word);
}

/** Name under which an ephemeral model is injected. */
export function cteName(name: string): string {
  return `__dbt__cte__${name}`;
}

export function isRelation(value: Value): value is Relation {
  return value instanceof TemplateRelation;
}

/** A relation that was given as an argument. Throws a ConfigError for anything else. */
export function relationArgument(value: Value | undefined): Relation {
  if (value !== undefined && isRelation(value)) return value;
  throw new ConfigError('a relation is needed here, such as ref(...) or this', { code: 'template_type' });
}

class TemplateRelation implements Relation {
  readonly jinjaIsMapping = true;
  readonly relationName: RelationName;
  readonly type: RelationType | undefined;
  readonly #included: ReadonlySet<Part>;
  readonly #quoted: ReadonlySet<Part>;
  /** Query that stands for the relation where its rows are narrowed. */
  readonly #query: string | undefined;

  constructor(
    name: RelationName,
    type?: RelationType,
    included: ReadonlySet<Part> = allParts,
    quoted: ReadonlySet<Part> = quotedParts(name),
    query?: string,
  ) {
    this.relationName = name;
    this.type = type;
    this.#included = included;
    this.#quoted = quoted;
    this.#query = query;
  }

  toString(): string {
    if (this.#query !== undefined) return this.#query;
    if (this.relationName.external !== undefined) return this.relationName.external;
    if (this.type === 'cte') return this.relationName.identifier;
    return parts
      .filter((part) => this.#included.has(part) && this.relationName[part] !== '')
      .map((part) =>
        this.#quoted.has(part) ? quoteIdentifier(this.relationName[part]) : this.relationName[part],
      )
      .join('.');
  }

  jinjaEquals(other: Value): boolean {
    return (
      other instanceof TemplateRelation &&
      parts.every((part) => other.relationName[part] === this.relationName[part])
    );
  }

  jinjaAttribute(name: string): Value | undefined {
    switch (name) {
      case 'database':
      case 'schema':
      case 'identifier':
        return this.relationName[name] === '' ? null : this.relationName[name];
      case 'name':
      case 'table':
        return this.relationName.identifier;
      case 'type':
        return this.type ?? null;
      case 'is_table':
        return this.type === 'table';
      case 'is_view':
        return this.type === 'view';
      case 'is_cte':
        return this.type === 'cte';
      case 'is_materialized_view':
        return this.type === 'materialized_view';
      case 'path':
        return Object.fromEntries(parts.map((part) => [part, this.relationName[part]]));
      case 'metadata':
        return { type: 'BaseRelation' };
      case 'get':
        return this.#method(
          (args) =>
            this.jinjaAttribute(printed(args.get(0, 'key') ?? null)) ?? args.get(1, 'default') ?? null,
        );
      case 'can_be_renamed':
      case 'can_be_replaced':
        return this.type === 'table' || this.type === 'view';
      case 'quote_policy':
      case 'include_policy':
        return Object.fromEntries(
          parts.map((part) => [part, (name === 'quote_policy' ? this.#quoted : this.#included).has(part)]),
        );
      case 'quoted':
        return this.#method((args) => quoteIdentifier(printed(args.get(0, 'identifier') ?? '')));

      case 'render':
        return this.#method(() => this.toString());
      case 'include':
        return this.#method((args) => this.#with(args, this.#included, 'include'));
      case 'quote':
        return this.#method((args) => this.#with(args, this.#quoted, 'quote'));
      case 'without_identifier':
        return this.#method(
          () => new TemplateRelation(this.relationName, this.type, new Set(parts.slice(0, 2)), this.#quoted),
        );
      case 'incorporate':
        return this.#method((args) => this.#incorporate(args));
      case 'information_schema':
        return this.#method((args) => this.#informationSchema(args));
      default:
        return undefined;
    }
  }

  #informationSchema(args: CallArguments): Value {
    const view = args.get(0, 'view_name');
    const name = { ...this.relationName, schema: 'INFORMATION_SCHEMA', identifier: printed(view ?? '') };
    const included = new Set<Part>(view === undefined || view === null ? ['database', 'schema'] : parts);
    return new TemplateRelation(name, undefined, included, new Set<Part>(['database']));
  }

  #method(method: (args: CallArguments) => Value): TemplateFunction {
    return method;
  }

  #with(args: CallArguments, before: ReadonlySet<Part>, change: 'include' | 'quote'): Relation {
    const given = args.bind(change, ['database?', 'schema?', 'identifier?']);
    const after = new Set(parts.filter((part) => (given[part] ?? before.has(part)) === true));
    return change === 'include'
      ? new TemplateRelation(this.relationName, this.type, after, this.#quoted)
      : new TemplateRelation(this.relationName, this.type, this.#included, after);
  }

  #incorporate(args: CallArguments): Relation {
    const { path, type } = args.bind('incorporate', ['path?', 'type?']);
    const given = mappingOf(path ?? null);
    const part = (name: Part): string => {
      const value = given?.get(name);
      return value === undefined ? this.relationName[name] : value === null ? '' : printed(value);
    };
    const name = {
      ...this.relationName,
      database: part('database'),
      schema: part('schema'),
      identifier: part('identifier'),
    };
    const newType = relationTypeOf(type) ?? this.type;
    return new TemplateRelation(name, newType, this.#included, this.#quoted);
  }
}
