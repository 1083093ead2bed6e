/** What must hold for a column, beside its type. */
export interface ColumnRule {
  readonly notNull: boolean;
  /** SQL over `value` that must not be false. */
  readonly check?: string;
  readonly primaryKey: boolean;
  readonly unique: boolean;
  readonly index: boolean;
  /** Indexes that columns share by their name. */
  readonly named: readonly NamedIndex[];
  /** The source's value must be WKB. */
  readonly geometry: boolean;
}

interface NamedIndex {
  readonly name: string;
  readonly unique: boolean;
}

const words = ['not_null', 'nullable', 'primary_key', 'unique', 'unique_index', 'index'];

/** Takes `bigint not_null unique | value > 0` apart into the type and what must hold. */
export function columnRule(spec: string): { readonly type: string; readonly rule?: ColumnRule } {
  const cut = spec.indexOf('|');
  const [left, check] = cut < 0 ? [spec, undefined] : [spec.slice(0, cut), constraint(spec.slice(cut + 1))];
  const found = new Set<string>();
  const named: NamedIndex[] = [];
  const type = left
    .replace(/\bdescription\s*\(\s*('[^']*'|"[^"]*")\s*\)/gi, '')
    .replace(/\b([a-z_]+)\b(\s*\([^)]*\))?/gi, (whole, word: string, details: string | undefined) => {
      const modifier = word.toLowerCase();
      if (!words.includes(modifier)) return whole;
      const names = detailsOf(details);
      if (names.length === 0) found.add(modifier);
      else if (!modifier.endsWith('index')) return whole;
      for (const name of names) named.push({ name, unique: modifier === 'unique_index' });
      return '';
    })
    .trim();
  const geometry = type.toLowerCase() === 'geometry';
  if (found.size === 0 && named.length === 0 && check === undefined && !geometry) return { type };
  return {
    type,
    rule: {
      notNull: found.has('not_null') || found.has('primary_key'),
      ...(check === undefined ? {} : { check }),
      primaryKey: found.has('primary_key'),
      unique: found.has('unique') || found.has('unique_index'),
      index: found.has('index'),
      named,
      geometry,
    },
  };
}

/** `value_len` is the length of the value. */
function constraint(written: string): string {
  return written.trim().replaceAll(/\bvalue_len\b/g, 'length(value)');
}

/** `(a, 'b')` without brackets and quotes. */
function detailsOf(details: string | undefined): readonly string[] {
  const inner = details?.trim().slice(1, -1) ?? '';
  return inner
    .split(',')
    .map((name) => name.trim().replace(/^(['"])(.*)\1$/, '$2'))
    .filter((name) => name !== '');
}
