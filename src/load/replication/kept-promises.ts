/** Options whose promise is kept in another way, with what is done instead. */
const promises: Readonly<Record<string, (value: unknown) => string | undefined>> = {
  direct_insert: (value) =>
    value === true
      ? 'rows are staged and published in one transaction, which gives the same rows'
      : undefined,
  table_tmp: () => 'the stage has a name that no other load can have',
  use_bulk: (value) => (value === false ? 'rows go in bulk, which gives the same rows' : undefined),
  batch_limit: () => 'batches are bounded by memory; source_options.chunk_size publishes in pieces',
  batch_max_duration: () => 'batches are bounded by memory; source_options.chunk_size publishes in pieces',
  concurrency: () => 'how many files are written at a time follows from the memory there is',
};

/** What a person should know of the `target_options` that are obeyed in another way; one line each. */
export function keptPromises(options: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(promises).flatMap(([key, instead]) => {
    const value = options[key];
    const said = value === undefined || value === null ? undefined : instead(value);
    return said === undefined ? [] : [`target_options.${key}: ${said}`];
  });
}
