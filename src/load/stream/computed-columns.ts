import { ConfigError } from '../../core/errors.ts';
import type { Column } from '../../sql/data-type.ts';
import { rowExpression, type RowExpression } from '../expression/row-expression.ts';
import { namesIn } from '../expression/syntax.ts';
import type { Transform } from '../replication/column-transforms.ts';
import type { StreamConfig } from '../replication/replication.ts';

/** A column that transforms change, or add. */
export interface ComputedColumn {
  /** As transforms name it. */
  readonly name: string;
  readonly expression: RowExpression;
}

/** A column of the stage that expressions may read. */
export interface StageColumn {
  readonly source: Column;
  /** In the stage. */
  readonly name: string;
}

/** What transforms make of the columns of a stage. */
export interface Computed {
  /** By the columns that they change. */
  readonly changed: ReadonlyMap<Column, RowExpression>;
  readonly added: readonly ComputedColumn[];
}

/**
 * Works through the stages of `transforms:`; each one sees what those before it have made.
 * @param find the column that a name means; an error tells when it is not selected
 * @throws ConfigError for expressions that cannot be, changes of keys, and columns that are not there
 */
export function computeColumns(
  stream: StreamConfig,
  columns: readonly StageColumn[],
  find: (name: string) => Column | undefined,
  missing: (name: string) => Error,
): Computed {
  const staged = new Map<Column, RowExpression>(
    columns.map(({ source, name }) => [source, { kind: 'column', name, type: source.type }]),
  );
  let changed: ReadonlyMap<Column, RowExpression> = new Map();
  let added: ReadonlyMap<string, RowExpression> = new Map();
  const isKey = ({ name }: Column): boolean =>
    [...stream.primaryKey, stream.updateKey ?? ''].some((key) => find(key)?.name === name);

  for (const stage of stream.transforms) {
    const before = { changed, added };
    const read = (name: string): RowExpression | undefined => {
      const column = find(name);
      return column ? (before.changed.get(column) ?? staged.get(column)) : before.added.get(name);
    };
    const change = (name: string, column: Column | undefined, steps: readonly Transform[]): RowExpression =>
      steps.reduce<RowExpression | undefined>(
        (value, step) => apply(stream, name, step, value, read),
        column && (before.changed.get(column) ?? staged.get(column)),
      ) as RowExpression;
    const now = { changed: new Map(changed), added: new Map(added) };
    for (const [name, steps] of Object.entries(stage)) {
      if (name === '*') {
        for (const [source, expression] of staged) {
          const isText = (before.changed.get(source) ?? expression).type.type === 'text';
          if (isText && !isKey(source)) now.changed.set(source, change(source.name, source, steps));
        }
        continue;
      }
      const column = find(name);
      if (column && !staged.has(column)) throw missing(name);
      if (column && isKey(column)) throw notApplicable(stream, name, 'a key');
      if (column) now.changed.set(column, change(name, column, steps));
      else if (steps.some(({ syntax }) => namesIn(syntax).includes('value')) && !before.added.has(name))
        throw missing(name);
      else now.added.set(name, change(name, undefined, steps));
    }
    ({ changed, added } = now);
  }
  return { changed, added: [...added].map(([name, expression]) => ({ name, expression })) };
}

function apply(
  stream: StreamConfig,
  name: string,
  { text, syntax }: Transform,
  value: RowExpression | undefined,
  read: (name: string) => RowExpression | undefined,
): RowExpression {
  try {
    return rowExpression(syntax, (path) => {
      if (path === 'value') return value ?? read(name);
      return path.startsWith('record.') ? read(path.slice('record.'.length)) : undefined;
    });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    if (/^\w+$/.test(text) && value && value.type.type !== 'text')
      throw notApplicable(stream, name, value.type.type);
    throw new ConfigError(`stream ${stream.name}: the transform of '${name}', ${text}: ${error.message}`, {
      code: 'expression_invalid',
      origin: stream.origin,
      next: 'Correct it, or write the expression into sql:',
    });
  }
}

function notApplicable(stream: StreamConfig, name: string, what: string): ConfigError {
  return new ConfigError(`stream ${stream.name}: transforms change text, and '${name}' is ${what}`, {
    code: 'transform_not_applicable',
    origin: stream.origin,
    next: 'Write the expression into sql:, or do it in a model',
  });
}
