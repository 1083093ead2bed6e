/** Line in which a file says that it is a pipeline, counted from 1; undefined for a replication. */
export function pipelineLine(text: string): number | undefined {
  const line = text.split('\n').findIndex((one) => /^steps\s*:/.test(one));
  return line < 0 || /^streams\s*:/m.test(text) ? undefined : line + 1;
}
