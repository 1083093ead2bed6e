import { plainText } from '../files/plain-value.ts';
import { ConfigError } from '../../core/errors.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { ModelNode } from './transform-node.ts';

/** Columns and constraints that a model promises. */
export interface Contract {
  readonly columns: readonly ContractColumn[];
  /** Constraints of the whole table, as SQL. */
  readonly constraints: readonly string[];
}

export interface ContractColumn {
  readonly name: string;
  readonly dataType: string;
  readonly constraints: readonly string[];
}

/**
 * The contract of a model that enforces one. Throws a ConfigError `contract_invalid` when a column has no type or a
 * constraint is not one.
 */
export function contractOf(node: ModelNode): Contract | undefined {
  if (!node.config.isContractEnforced) return undefined;
  const { properties } = node.details;
  const columns = objectsOf(properties['columns']);
  if (columns.length === 0) {
    throw invalid(node, 'an enforced contract needs its columns in a property file');
  }
  const untyped = columns
    .filter((column) => !textOf(column['data_type']))
    .map((column) => plainText(column['name']));
  if (untyped.length > 0) {
    throw invalid(
      node,
      `an enforced contract needs a data_type for every column; without one: ${untyped.join(', ')}`,
    );
  }
  return {
    columns: columns.map((column) => ({
      name: plainText(column['name']),
      dataType: textOf(column['data_type']) ?? '',
      constraints: objectsOf(column['constraints']).map((constraint) => columnConstraint(node, constraint)),
    })),
    constraints: objectsOf(properties['constraints']).map((constraint) => tableConstraint(node, constraint)),
  };
}

function columnConstraint(node: ModelNode, constraint: JsonObject): string {
  const expression = textOf(constraint['expression']);
  const behind = expression === undefined ? '' : ` ${expression}`;
  switch (constraint['type']) {
    case 'check':
      if (expression === undefined) throw invalid(node, 'a check constraint needs an "expression"');
      return `check (${expression})`;
    case 'not_null':
      return `not null${behind}`;
    case 'unique':
      return `unique${behind}`;
    case 'primary_key':
      return `primary key${behind}`;
    case 'foreign_key':
      return `references ${referenceOf(node, constraint)}`;
    case 'custom':
      return expression ?? '';
    default:
      throw unknown(node, constraint);
  }
}

function tableConstraint(node: ModelNode, constraint: JsonObject): string {
  const name = textOf(constraint['name']);
  const prefix = name === undefined ? '' : `constraint ${name} `;
  const expression = textOf(constraint['expression']);
  const columns = listOf(constraint['columns']).map(String).join(', ');
  const behind = expression === undefined ? '' : ` ${expression}`;
  switch (constraint['type']) {
    case 'check':
      if (expression === undefined) throw invalid(node, 'a check constraint needs an "expression"');
      return `${prefix}check (${expression})`;
    case 'unique':
      return `${prefix}unique${behind} (${columns})`;
    case 'primary_key':
      return `${prefix}primary key${behind} (${columns})`;
    case 'foreign_key':
      return `${prefix}foreign key (${columns}) references ${referenceOf(node, constraint)}`;
    case 'custom':
      return `${prefix}${expression ?? ''}`;
    case 'not_null':
      throw invalid(node, 'a not_null constraint belongs to a column');
    default:
      throw unknown(node, constraint);
  }
}

function referenceOf(node: ModelNode, constraint: JsonObject): string {
  const to = textOf(constraint['to']);
  const columns = listOf(constraint['to_columns']).map(String);
  if (to !== undefined) return `${to}${columns.length === 0 ? '' : ` (${columns.join(', ')})`}`;
  const expression = textOf(constraint['expression']);
  if (expression !== undefined) return expression;
  throw invalid(node, 'a foreign_key constraint needs "to" and "to_columns", or an "expression"');
}

function unknown(node: ModelNode, { type }: JsonObject): ConfigError {
  return invalid(
    node,
    `"${plainText(type)}" is no constraint: there are check, not_null, unique, primary_key, foreign_key and custom`,
  );
}

function invalid(node: ModelNode, message: string): ConfigError {
  return new ConfigError(`${node.name}: ${message}`, {
    code: 'contract_invalid',
    origin: node.details.propertyFile === undefined ? node.origin : { file: node.details.propertyFile },
  });
}

function objectsOf(value: JsonValue | undefined): readonly JsonObject[] {
  return listOf(value).filter(
    (item): item is JsonObject => typeof item === 'object' && item !== null && !Array.isArray(item),
  );
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}
