import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';
import type { DataType } from '../../sql/data-type.ts';
import { typeOfWord, typeWords } from '../expression/type-word.ts';
import { columnRule, type ColumnRule } from './column-rule.ts';
import { isColumnList, type ColumnsYaml } from './schema.ts';

/** The `columns:` map or list, by source column name. */
export interface ColumnDeclarations {
  readonly casts: Readonly<Record<string, DataType>>;
  readonly rules: Readonly<Record<string, ColumnRule>>;
}

/** Reads `columns:`. */
export function parseColumns(
  columns: ColumnsYaml,
  originOf: (column: string | number) => Origin,
): ColumnDeclarations {
  // Without the keys that every plain object has: a column may be called `constructor`.
  const casts = Object.create(null) as Record<string, DataType>;
  const rules = Object.create(null) as Record<string, ColumnRule>;
  for (const { name, type: spec, origin } of entries(columns, originOf)) {
    const { type, rule } = columnRule(spec);
    if (rule) rules[name] = rule;
    if (type !== '' || !rule) casts[name] = parseType(name, type, origin);
  }
  return { casts, rules };
}

interface ColumnEntry {
  readonly name: string;
  readonly type: string;
  readonly origin: Origin;
}

function entries(columns: ColumnsYaml, originOf: (column: string | number) => Origin): ColumnEntry[] {
  if (!isColumnList(columns)) {
    return Object.entries(columns).flatMap(([name, type]) =>
      type === null ? [] : [{ name, type, origin: originOf(name) }],
    );
  }
  return columns.map((item, index) => {
    const origin = originOf(index);
    if (typeof item === 'string') {
      const cut = item.indexOf(':');
      if (cut > 0) return { name: item.slice(0, cut).trim(), type: item.slice(cut + 1), origin };
    } else {
      const { name, type, ...rest } = item as Record<string, unknown>;
      if (typeof name === 'string' && typeof type === 'string' && Object.keys(rest).length === 0)
        return { name, type, origin };
      const [only, ...others] = Object.entries(item);
      if (only && others.length === 0 && typeof only[1] === 'string')
        return { name: only[0], type: only[1], origin };
    }
    throw new ConfigError('an item of columns must name a column and its type', {
      code: 'invalid_value',
      origin,
      next: 'Write: - name: type',
    });
  });
}

function parseType(name: string, text: string, origin: Origin): DataType {
  const spec = text.trim();
  const type = typeOfWord(spec);
  if (!('unknown' in type)) return type;
  if (type.unknown === 'size')
    throw new ConfigError(`column '${name}': ${spec.replace(/\(.*/, '')} takes no such size`, {
      code: 'type_unknown',
      origin,
    });
  throw new ConfigError(`column '${name}' has the unknown type '${spec}'`, {
    code: 'type_unknown',
    origin,
    next: `Use one of: ${typeWords.join(', ')}`,
  });
}
