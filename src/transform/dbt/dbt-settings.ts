import type { JsonObject } from '../../core/json.ts';

/** How dbt itself is called when it is what builds the models. */
export interface DbtSettings {
  /** The executable: a name that is looked for on PATH, or a path. */
  readonly path: string;
  /** Absolute folder of the `profiles.yml` to use; without one it is made of the warehouse's connection. */
  readonly profilesFolder: string | undefined;
  readonly profile: string | undefined;
  readonly target: string | undefined;
  readonly threads: number | undefined;
  /** Variables that win over those of the project. */
  readonly vars: JsonObject;
  /** Where a made `profiles.yml` is kept. Absolute. */
  readonly stateFolder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A `profiles.yml`, and what it needs to find in the environment. */
export interface MadeProfile {
  /** Output of the profile, whose texts may be templates. */
  readonly output: JsonObject;
  readonly secrets: Readonly<Record<string, string>>;
}
