import type { Dataset } from '../manifest/dataset.ts';

/** A name of dbt as a segment of a node's key, without the characters that a key does not have. */
export function keySegment(name: string): string {
  return name.replaceAll(/[^\p{L}\p{N}_ .$-]+/gu, '_');
}

/** The key of a test; one of a dataset has its name before it. */
export function checkKey({ dataset }: { readonly dataset: Dataset | undefined }, name: string): string {
  return ['check', ...(dataset ? [dataset.value] : []), keySegment(name)].join('/');
}
