/** Where in the user's files a thing was written. Lines and columns count from 1. */
export interface Origin {
  /** Path relative to the project folder, with forward slashes. */
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** `models/orders.sql:3:7`, as editors and terminals make clickable. */
export function formatOrigin(origin: Origin): string {
  if (origin.line === undefined) return origin.file;
  if (origin.column === undefined) return `${origin.file}:${origin.line}`;
  return `${origin.file}:${origin.line}:${origin.column}`;
}
