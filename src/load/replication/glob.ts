/** True if `text` fits a pattern of `*` (any run of letters) and `?` (one letter), in any capitals. */
export function matchesGlob(pattern: string, text: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 'is').test(text);
}

/** True if the stream's name stands for several. */
export function isWildcard(streamName: string): boolean {
  return /[*?]/.test(streamName);
}
