import { commandLine, commandLineKeys } from './replication/command-line.ts';
import { commandPermission } from './replication/hook.ts';
import type { ReadingWarning } from './replication/reading-warning.ts';
import type { Replication, StreamConfig } from './replication/replication.ts';
import { streamConfig } from './replication/stream-config.ts';
import type { Environment } from '../config/environment.ts';

/** A load that is given on the command line instead of in a file. */
export interface SingleStreamOptions {
  readonly sourceConnection: string;
  /** A table, a file, or a query that starts with `select` or `with`. */
  readonly sourceStream: string;
  readonly targetConnection: string;
  readonly targetObject: string;
  /** Other keys of a stream, as a replication file has them. */
  readonly keys: Readonly<Record<string, unknown>>;
  readonly environment: Environment;
  /** Variables for the names of objects. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The replication of one stream that `millrace run --src-conn ... --tgt-conn ...` means.
 * @throws ConfigError or ProjectError at `command line`
 */
export function singleStreamReplication(options: SingleStreamOptions): Replication {
  const { sourceStream, environment } = options;
  const isQuery = /^\s*(select|with)\s/i.test(sourceStream);
  const yaml = commandLineKeys({
    ...options.keys,
    object: options.targetObject,
    ...(isQuery ? { sql: sourceStream } : {}),
  });
  const name = isQuery || yaml.sql !== undefined ? 'query' : sourceStream;
  const warnings: ReadingWarning[] = [];
  const stream: StreamConfig = streamConfig(name, yaml, {
    key: commandLine,
    of: () => commandLine,
    mayRunCommands: environment[commandPermission] === 'true',
    environment: { ...environment, ...options.env },
    warn: (warning) => warnings.push(warning),
  });
  return {
    file: commandLine.file,
    source: options.sourceConnection,
    target: options.targetConnection,
    sourceOrigin: commandLine,
    targetOrigin: commandLine,
    env: options.env,
    streams: [stream],
    warnings,
  };
}
