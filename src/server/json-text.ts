/**
 * JSON of a payload that may hold database values: bigints become text, bytes become `\x` and hex
 * digits as PostgreSQL writes them, dates ISO 8601.
 */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item === 'bigint') return item.toString();
    if (item instanceof Uint8Array) return `\\x${Buffer.from(item).toString('hex')}`;
    return item;
  });
}
