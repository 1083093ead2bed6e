import { type CompiledSql, concatSql, sliceSql } from './compiled-sql.ts';

export interface Cte {
  readonly name: string;
  readonly compiled: CompiledSql;
}

/** Puts `ctes` before the SQL, or into the `with` that it begins with. */
export function injectCtes(compiled: CompiledSql, ctes: readonly Cte[]): CompiledSql {
  if (ctes.length === 0) return compiled;
  const list = ctes.flatMap((cte, index) => [
    `${index === 0 ? '' : ', '}${cte.name} as (\n`,
    cte.compiled,
    '\n)',
  ]);
  const start = startOfSql(compiled.sql);
  const opening = /^with(\s+recursive)?\b/i.exec(compiled.sql.slice(start))?.[0];
  if (opening === undefined) {
    return concatSql([sliceSql(compiled, 0, start), 'with ', ...list, '\n', sliceSql(compiled, start)]);
  }
  return concatSql([
    sliceSql(compiled, 0, start + opening.length),
    ' ',
    ...list,
    ',',
    sliceSql(compiled, start + opening.length),
  ]);
}

/** Offset of the first character that is neither space nor comment. */
function startOfSql(sql: string): number {
  let position = 0;
  for (;;) {
    const rest = sql.slice(position);
    const skipped = /^\s+|^--[^\n]*(\n|$)|^\/\*[\s\S]*?\*\//.exec(rest)?.[0];
    if (skipped === undefined || skipped === '') return position;
    position += skipped.length;
  }
}
