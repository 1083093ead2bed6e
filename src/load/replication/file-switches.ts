import { metadataSwitches } from './column-metadata.ts';
import { constraintSwitch } from './constraint-failure.ts';

/** Switches in `env:` of a file that are obeyed. */
const obeyed: readonly string[] = [...metadataSwitches, constraintSwitch];

const onCommand = 'obeyed when the file is run by itself; it does not say it for a run with other files';

/** Switches whose promise is kept in another way, with what is done instead; set in a file or around it. */
const kept: Readonly<Record<string, string>> = {
  SLING_STATE:
    'watermarks are kept in the target, in the transaction that publishes the rows; of files beside them',
  SLING_DIRECT_INSERT: 'rows are staged and published in one transaction, which gives the same rows',
  SLING_KEEP_TEMP: 'a stage is removed when its load ends',
};

/** Switches that change nothing about what is loaded, with what holds instead. */
const needless: Readonly<Record<string, string>> = {
  SLING_ALLOW_EMPTY: 'an empty source always makes an empty table',
  SLING_SAMPLE_SIZE: 'files are inferred over all rows',
  SLING_CHECKSUM_ROWS: 'rows are counted in the transaction that publishes; millrace parity compares values',
  SLING_POOL: 'connections are shared by all streams',
  SLING_DISABLE_TELEMETRY: 'nothing is reported to anybody',
  SLING_DUCKDB_COMPUTE: 'how work is divided is seen from the data',
  SLING_THREADS: onCommand,
  SLING_RETRIES: onCommand,
  SLING_RETRY_DELAY: onCommand,
  SLING_TIMEOUT: onCommand,
  SLING_LOGGING: onCommand,
  SLING_ROW_CNT: onCommand,
  SLING_STREAM_CNT: onCommand,
  SLING_TOTAL_BYTES: onCommand,
  SLING_DRY_RUN: onCommand,
};

/** True for a switch that has no meaning here. */
export function isUnknownSwitch(name: string): boolean {
  return (
    name.startsWith('SLING_') &&
    !obeyed.includes(name) &&
    needless[name] === undefined &&
    kept[name] === undefined
  );
}

/** What a person should know of the switches in `env:` of a file alone; one line each. */
export function fileRemarks(env: Readonly<Record<string, unknown>>): readonly string[] {
  return remarks(env, needless);
}

/** What a person should know of the switches around a file, and in it. */
export function switchRemarks(environment: Readonly<Record<string, string | undefined>>): readonly string[] {
  const set = Object.entries(environment).filter(([, value]) => value && value !== 'false');
  return remarks(Object.fromEntries(set), kept);
}

function remarks(
  variables: Readonly<Record<string, unknown>>,
  instead: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.keys(variables).flatMap((name) =>
    instead[name] === undefined ? [] : [`${name}: ${instead[name]}`],
  );
}
