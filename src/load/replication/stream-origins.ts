import type { YamlPath } from '../../config/yaml-file.ts';
import type { Origin } from '../../core/origin.ts';
import type { TellWarning } from './reading-warning.ts';

/** Where things are written, and what is allowed there. */
export interface StreamOrigins {
  /** Of the stream's name. */
  readonly key: Origin;
  /** Of a value within the stream, or within the defaults it came from. */
  of(path: YamlPath): Origin;
  /** True if hooks may run commands on this machine. */
  readonly mayRunCommands: boolean;
  /** Takes what is passed over. */
  readonly warn: TellWarning;
  /** Variables of the replication and of the process, with the switches of metadata columns among them. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}
