import type { JsonValue } from './json.ts';
import type { Origin } from './origin.ts';

/** Looks again and again whether something outside has happened, and asks for runs. */
export interface SensorDefinition {
  /** Unique among the project's sensors. */
  readonly name: string;
  /** What its runs say they were started by. Default `sensor`. */
  readonly kind?: 'sensor' | 'trigger';
  /** The shortest time between two looks; doubled with each failure in a row, up to an hour. */
  readonly everySeconds: number;
  /** A look that takes longer has failed. */
  readonly timeoutSeconds: number;
  /** What its runs run, unless the look says so itself. Empty means everything. */
  readonly select: string;
  readonly origin?: Origin;
}

/** The code of a sensor. */
export interface SensorProbe {
  check(look: SensorLook): Promise<SensorFindings>;
  /** Calls `wake` when a look may be worth while before its time. Returns how to stop that. */
  watch?(wake: () => void): () => void;
}

export interface SensorLook {
  /** What the last look that was written left; undefined for the first. */
  readonly cursor: JsonValue | undefined;
  /** Aborted when the time is over, and on shutdown. */
  readonly signal: AbortSignal;
}

export interface SensorFindings {
  readonly runs: readonly AskedRun[];
  /** For the next look. Absent: it stays. */
  readonly cursor?: JsonValue | undefined;
  /** Why there are no runs. */
  readonly skip?: string | undefined;
}

export interface AskedRun {
  /** Of the runs that a sensor asks for with one key, one is started, ever. */
  readonly key?: string | undefined;
  /** Default: the sensor's. */
  readonly select?: string | undefined;
  /** Handed to the tasks of the run. */
  readonly input?: JsonValue | undefined;
  readonly fullRefresh?: boolean | undefined;
}

export interface Sensor {
  readonly definition: SensorDefinition;
  readonly probe: SensorProbe;
}
