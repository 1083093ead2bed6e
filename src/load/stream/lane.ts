import type { Connection } from '../../connector/connection.ts';
import type { PayloadFormat } from '../../connector/payload.ts';
import { ConfigError } from '../../core/errors.ts';

/** The path that rows take from a source to a target, and why this one. */
export interface Lane {
  readonly format: PayloadFormat;
  readonly reason: string;
}

/** Cheapest first. */
const preference: readonly PayloadFormat[] = ['pg-copy-binary', 'file', 'csv', 'columns'];

const reasons: Readonly<Record<PayloadFormat, string>> = {
  relation: 'source and target are one database, which copies within itself',
  'pg-copy-binary': 'both sides speak COPY BINARY, so bytes pass through untouched',
  file: "the target's own reader takes the files as they are",
  csv: 'the target reads the bytes of the files by itself',
  columns: 'rows travel as batches of typed columns',
};

/** Forms that will not do for a stream, and why. */
export type WithheldForms = Readonly<Partial<Record<PayloadFormat, string>>>;

/**
 * Matches what the source gives with what the target takes.
 * @throws ConfigError code `lane_missing` when one of them cannot be used that way at all
 */
export function chooseLane(source: Connection, target: Connection, withheld: WithheldForms = {}): Lane {
  if (!source.source) throw noLane(`connection '${source.name}' (${source.type}) cannot be read as a source`);
  if (!target.target) throw noLane(`connection '${target.name}' (${target.type}) cannot be loaded into`);
  const { emits } = source.source;
  const { takes } = target.target;
  const same = source === target || source.name.toLowerCase() === target.name.toLowerCase();
  if (same && takes.includes('relation') && emits.includes('relation'))
    return { format: 'relation', reason: reasons.relation };
  const common = preference.filter((candidate) => emits.includes(candidate) && takes.includes(candidate));
  const format = common.find((candidate) => withheld[candidate] === undefined);
  if (!format) {
    throw noLane(
      `'${source.name}' gives ${emits.join(', ')} and '${target.name}' takes ${takes.join(', ')}: no form in common`,
    );
  }
  const [best = format] = common;
  const reason =
    best === format ? reasons[format] : `${reasons[format]}; not as ${best}, because ${withheld[best]}`;
  return { format, reason };
}

function noLane(message: string): ConfigError {
  return new ConfigError(message, {
    code: 'lane_missing',
    next: 'Load through another connection, such as a DuckDB file in between',
  });
}
