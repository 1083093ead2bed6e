/** How far a stream has been read. Lives in the target, and is written together with the rows. */
export interface Watermark {
  readonly updateKey: string;
  /** Greatest value read, as text of the source's type. */
  readonly value: string;
  /**
   * Key of the last row read at `value` when a row limit cut the reading there; absent when every row
   * up to `value` was read.
   */
  readonly key?: readonly string[];
}

export function formatWatermark(watermark: Watermark | undefined): string {
  if (!watermark) return 'none';
  const key = watermark.key ? `, key ${watermark.key.join(', ')}` : '';
  return `${watermark.updateKey} = ${watermark.value}${key}`;
}
