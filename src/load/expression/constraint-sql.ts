import type { DataType } from '../../sql/data-type.ts';
import type { Dialect } from '../../sql/dialect.ts';
import { rowExpression } from './row-expression.ts';
import { rowFunctions } from './row-functions.ts';
import { rowSql } from './row-sql.ts';
import { functionsIn, parseSyntax } from './syntax.ts';

/**
 * The SQL of a constraint over `value`: an expression, such as `value > 0 && length(value) < 9`, or else SQL of the
 * target as it stands.
 * @param value SQL of the column's value
 */
export function constraintSql(dialect: Dialect, check: string, value: string, type: DataType): string {
  try {
    const syntax = parseSyntax(check);
    if (functionsIn(syntax).every((name) => Object.hasOwn(rowFunctions, name))) {
      const expression = rowExpression(syntax, (path) =>
        path === 'value' ? { kind: 'column', name: path, type } : undefined,
      );
      return rowSql(dialect, expression, () => value);
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return check.replaceAll(/\bvalue\b/g, value);
}
