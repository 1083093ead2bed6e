import type { JsonObject } from '../../core/json.ts';

/** A dbt project to build in the warehouse. */
export interface TransformDefinition {
  /** Default: `transform`. */
  readonly folder?: string;
  /** Schema for models without a schema of their own. */
  readonly schema?: string;
  readonly vars?: JsonObject;
  /** Who builds and tests the models: Millrace itself (default), or the dbt that is installed. */
  readonly executor?: 'millrace' | 'dbt';
  /** How dbt is called, for `executor: 'dbt'`. */
  readonly dbt?: {
    /** Default: `dbt` on PATH. */
    readonly path?: string;
    /** Folder of a `profiles.yml`. Default: one that is made of the warehouse's connection. */
    readonly profilesDir?: string;
    /** Of that `profiles.yml`. */
    readonly profile?: string;
    readonly target?: string;
    readonly threads?: number;
  };
}
