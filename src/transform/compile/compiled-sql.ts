import type { Origin } from '../../core/origin.ts';
import type { OutputSegment } from '../jinja/index.ts';

/** SQL made from templates, which still knows which template line made which part. */
export interface CompiledSql {
  readonly sql: string;
  /** In order, without overlap; offsets in `sql`. */
  readonly parts: readonly CompiledPart[];
}

export interface CompiledPart {
  readonly start: number;
  readonly end: number;
  /** Template file and the line where the part begins. */
  readonly origin: Origin;
  /** Whether lines count on within the part, as they do in plain text. */
  readonly isText: boolean;
}

/** The template line that made the character at `offset`, as well as it is known. */
export function originAt(compiled: CompiledSql, offset: number): Origin | undefined {
  const part = compiled.parts.findLast((candidate) => candidate.start <= offset);
  if (!part) return compiled.parts[0]?.origin;
  const { line } = part.origin;
  if (!part.isText || line === undefined) return part.origin;
  const passed = compiled.sql.slice(part.start, Math.min(offset, part.end)).split('\n').length - 1;
  return { file: part.origin.file, line: line + passed };
}

/** The template line that made line `line` (from 1) of the SQL. */
export function originOfLine(compiled: CompiledSql, line: number): Origin | undefined {
  const lines = compiled.sql.split('\n');
  const before = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
  const indent = (lines[line - 1] ?? '').search(/\S/);
  return originAt(compiled, before + Math.max(indent, 0));
}

/** Rendered text with its segments. */
export function compiledFrom(sql: string, segments: readonly OutputSegment[], file: string): CompiledSql {
  return {
    sql,
    parts: segments.map(({ start, end, line, isText }) => ({ start, end, origin: { file, line }, isText })),
  };
}

/** Several pieces as one SQL text. */
export function concatSql(pieces: readonly (string | CompiledSql)[]): CompiledSql {
  let sql = '';
  const parts: CompiledPart[] = [];
  for (const piece of pieces) {
    const text = typeof piece === 'string' ? piece : piece.sql;
    if (typeof piece !== 'string') {
      const offset = sql.length;
      parts.push(
        ...piece.parts.map((part) => ({ ...part, start: part.start + offset, end: part.end + offset })),
      );
    }
    sql += text;
  }
  return { sql, parts };
}

/** A stretch of compiled SQL. */
export function sliceSql(
  compiled: CompiledSql,
  start: number,
  end: number = compiled.sql.length,
): CompiledSql {
  return {
    sql: compiled.sql.slice(start, end),
    parts: compiled.parts
      .filter((part) => part.end > start && part.start < end)
      .map((part) => {
        const cut = Math.max(part.start, start);
        const origin =
          part.isText && cut > part.start ? (originAt(compiled, cut) ?? part.origin) : part.origin;
        return { ...part, start: cut - start, end: Math.min(part.end, end) - start, origin };
      }),
  };
}
