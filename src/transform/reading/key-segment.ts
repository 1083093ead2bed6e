/** A name of dbt as a segment of a node's key, without the characters that a key does not have. */
export function keySegment(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}_ .$-]+/gu, '_');
}
