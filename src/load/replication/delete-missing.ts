import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';

/** What happens to target rows whose key is no longer in the source. */
export interface DeleteMissing {
  /** `hard` removes them, `soft` fills `_sling_deleted_at`. */
  readonly type: 'soft' | 'hard';
  /** Source rows that count. */
  readonly sourceWhere?: string;
  /** Target rows that may be missing. */
  readonly targetWhere?: string;
}

/** Reads `target_options.delete_missing`: a word, or `{ type, where, source_where, target_where }`. */
export function deleteMissing(value: unknown, origin: Origin): DeleteMissing | undefined {
  if (value === undefined || value === null || value === false) return undefined;
  const options = (typeof value === 'string' ? { type: value } : value) as Readonly<Record<string, unknown>>;
  const { type, where, source_where: sourceWhere = where, target_where: targetWhere = where } = options;
  const known = ['type', 'where', 'source_where', 'target_where'];
  const unknownKey =
    typeof options === 'object' ? Object.keys(options).find((key) => !known.includes(key)) : '';
  if (unknownKey !== undefined || (type !== 'soft' && type !== 'hard')) {
    throw new ConfigError(
      `delete_missing is neither soft nor hard${unknownKey ? `, and has '${unknownKey}'` : ''}`,
      {
        code: 'invalid_value',
        origin,
        next: 'Write delete_missing: soft, or delete_missing: { type: hard, where: ... }',
      },
    );
  }
  return {
    type,
    ...(typeof sourceWhere === 'string' ? { sourceWhere } : {}),
    ...(typeof targetWhere === 'string' ? { targetWhere } : {}),
  };
}
