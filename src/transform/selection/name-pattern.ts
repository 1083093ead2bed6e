const patterns = new Map<string, RegExp>();

/** Whether `text` fits `pattern` as Python's `fnmatch` says: `*` for anything, `?` for one character, `[abc]` for one of these. */
export function fitsPattern(text: string, pattern: string): boolean {
  let expression = patterns.get(pattern);
  if (!expression) patterns.set(pattern, (expression = expressionOf(pattern)));
  return expression.test(text);
}

export function hasWildcard(text: string): boolean {
  return /[*?[\]]/.test(text);
}

function expressionOf(pattern: string): RegExp {
  const source = pattern.replaceAll(/\*+|\?|\[!?[^\]]+\]|[^*?[]+|\[/g, (part) => {
    if (part.startsWith('*')) return '.*';
    if (part === '?') return '.';
    if (part.startsWith('[') && part.length > 1) return part.replace(/^\[!/, '[^').replaceAll('\\', '\\\\');
    return RegExp.escape(part);
  });
  return new RegExp(`^${source}$`, 's');
}
