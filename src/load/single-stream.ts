import { nearest } from '../core/near-name.ts';
import { ConfigError } from '../core/errors.ts';
import type { Replication, StreamConfig } from './replication/replication.ts';
import { streamConfig } from './replication/stream-config.ts';
import { loadModes } from './replication/stream-mode.ts';
import type { StreamYaml } from './replication/schema.ts';
import { unsupportedStreamKeys } from './replication/unsupported.ts';

/** A load that is given on the command line instead of in a file. */
export interface SingleStreamOptions {
  readonly sourceConnection: string;
  /** A table, a file, or a query that starts with `select` or `with`. */
  readonly sourceStream: string;
  readonly targetConnection: string;
  readonly targetObject: string;
  readonly mode?: string;
  readonly select?: readonly string[];
  readonly primaryKey?: readonly string[];
  readonly updateKey?: string;
  readonly where?: string;
}

/** The name under which errors and the ledger show a load from the command line. */
const commandLine = 'command line';

/** The replication of one stream that `millrace run --src-conn ... --tgt-conn ...` means. */
export function singleStreamReplication(options: SingleStreamOptions): Replication {
  const origin = { file: commandLine };
  const isQuery = /^\s*(select|with)\s/i.test(options.sourceStream);
  const yaml: StreamYaml = {
    object: options.targetObject,
    ...(options.mode === undefined ? {} : { mode: options.mode }),
    ...(options.select ? { select: options.select } : {}),
    ...(options.primaryKey ? { primary_key: options.primaryKey } : {}),
    ...(options.updateKey === undefined ? {} : { update_key: options.updateKey }),
    ...(options.where === undefined ? {} : { where: options.where }),
    ...(isQuery ? { sql: options.sourceStream } : {}),
  };
  const [unbuilt] = unsupportedStreamKeys({ ...yaml }, [], () => origin);
  if (unbuilt) throw unbuilt;
  checkMode(options.mode);
  const stream: StreamConfig = streamConfig(isQuery ? 'query' : options.sourceStream, yaml, {
    key: origin,
    of: () => origin,
    mayRunCommands: false,
    loadedAt: '',
  });
  return {
    file: commandLine,
    source: options.sourceConnection,
    target: options.targetConnection,
    sourceOrigin: origin,
    targetOrigin: origin,
    env: {},
    streams: [stream],
  };
}

function checkMode(mode: string | undefined): void {
  const modes: readonly string[] = loadModes;
  if (mode === undefined || mode === '' || modes.includes(mode)) return;
  const near = nearest(mode, modes);
  throw new ConfigError(`unknown mode '${mode}'${near ? `, did you mean '${near}'?` : ''}`, {
    code: 'invalid_value',
    origin: { file: commandLine },
    next: `Use one of: ${modes.join(', ')}`,
  });
}
