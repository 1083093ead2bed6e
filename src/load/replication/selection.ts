import { matchesGlob } from './glob.ts';

/** The `select:` list taken apart. Empty `include` means every column. */
export interface Selection {
  /** In order; a name may be a glob or `*`. */
  readonly include: readonly SelectedName[];
  /** Names and globs to leave out. */
  readonly exclude: readonly string[];
}

export interface SelectedName {
  readonly name: string;
  readonly alias?: string;
  /** SQL that `{fields}` of a query says for it; `name` is what the query calls it then. */
  readonly expression?: string;
}

export interface ChosenColumn {
  readonly source: string;
  readonly alias?: string;
}

/** Reads `a, b as c, coalesce(d, 0) as e, -f, -prefix_*, *`. `items` may hold commas themselves. */
export function parseSelection(items: readonly string[]): Selection {
  const names = items
    .flatMap((item) => item.match(commaPart) ?? [])
    .map((item) => item.trim())
    .filter((item) => item !== '');
  return {
    include: names.filter((name) => !name.startsWith('-')).map(parseName),
    exclude: names.filter((name) => name.startsWith('-')).map((name) => unquote(name.slice(1).trim())),
  };
}

/** Names of a selection that say one column each, so that it must be there. */
export function namedColumns(selection: Selection): readonly string[] {
  return [...selection.include.map((item) => item.name), ...selection.exclude].filter(
    (name) => !isPattern(name),
  );
}

/**
 * The columns of a stream that a selection takes, in its order. `*` stands for all not named elsewhere; what is renamed
 * behind it stays in its place among them.
 */
export function chooseColumns(selection: Selection, available: readonly string[]): readonly ChosenColumn[] {
  const included =
    selection.include.length === 0 ? available.map((source) => ({ source })) : expand(selection, available);
  return included.filter(
    (column) => !selection.exclude.some((pattern) => matchesGlob(pattern, column.source)),
  );
}

function expand({ include }: Selection, available: readonly string[]): ChosenColumn[] {
  const all = include.findIndex(({ name }) => name === '*');
  const inPlace = new Map(
    include.flatMap(({ name, alias, expression }, index) =>
      all >= 0 && index > all && alias !== undefined && expression === undefined
        ? [[name.toLowerCase(), alias] as const]
        : [],
    ),
  );
  const named = new Set(
    include
      .filter(({ name }) => !isPattern(name) && !inPlace.has(name.toLowerCase()))
      .map(({ name }) => name.toLowerCase()),
  );
  const taken = new Set<string>();
  return include.flatMap((item, index) =>
    available.flatMap((source) => {
      const alias = index === all ? inPlace.get(source.toLowerCase()) : item.alias;
      const wanted = isPattern(item.name)
        ? matchesGlob(item.name, source) && !named.has(source.toLowerCase())
        : item.name.toLowerCase() === source.toLowerCase();
      if (!wanted || taken.has(source)) return [];
      taken.add(source);
      return [alias === undefined ? { source } : { source, alias }];
    }),
  );
}

function parseName(text: string): SelectedName {
  const parts = /^(.+?)\s+as\s+(.+)$/i.exec(text);
  const [source = text, alias = ''] = (parts ?? []).slice(1).map((part) => part.trim());
  if (!parts) return { name: unquote(text) };
  if (!isName(source)) return { name: unquote(alias), expression: source };
  return { name: unquote(source), alias: unquote(alias) };
}

/** What stands between commas that are not within brackets or quotes. */
const commaPart = /(?:\((?:[^()]|\([^()]*\))*\)|'[^']*'|"[^"]*"|[^,])+/g;

const constants = /^(?:null|true|false|\d[\d.]*|current_(?:date|time|timestamp|user))$/i;

function isName(text: string): boolean {
  return /^(?:[\p{L}_*?][\p{L}\p{N}_$*?-]*|"[^"]+")$/u.test(text) && !constants.test(text);
}

function unquote(name: string): string {
  return name.startsWith('"') && name.endsWith('"') && name.length > 1
    ? name.slice(1, -1).replaceAll('""', '"')
    : name;
}

function isPattern(name: string): boolean {
  return /[*?]/.test(name);
}
