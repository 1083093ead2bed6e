import type { JsonObject } from '../../core/json.ts';
import type { ModelVersion } from './model-versions.ts';
import type { Quoting } from './quoting.ts';
import type { UnitTestProperties } from './unit-test-properties.ts';
import type { YamlFile, YamlPath } from './yaml-file.ts';

/** What one property file (`schema.yml`) says. */
export interface PropertyFile {
  readonly yaml: YamlFile;
  readonly models: readonly NodeProperties[];
  readonly seeds: readonly NodeProperties[];
  readonly snapshots: readonly SnapshotProperties[];
  readonly sources: readonly SourceProperties[];
  readonly exposures: readonly ExposureProperties[];
  readonly unitTests: readonly UnitTestProperties[];
  /** Descriptions and configuration of singular tests. */
  readonly singularTests: readonly NodeProperties[];
  readonly analyses: readonly NodeProperties[];
  readonly groups: readonly Section[];
  readonly macros: readonly Section[];
  readonly semanticModels: readonly Section[];
  readonly metrics: readonly Section[];
  readonly savedQueries: readonly Section[];
}

/** An entry that is kept as it was written. */
export interface Section {
  readonly name: string;
  readonly raw: JsonObject;
  readonly path: YamlPath;
}

/** A model, seed, singular test or source table as its YAML describes it. */
export interface NodeProperties {
  readonly name: string;
  readonly description: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly columns: readonly ColumnProperties[];
  /** As written; read by `test-entry.ts`. */
  readonly tests: readonly unknown[];
  /** Where the node was written within its file. */
  readonly path: YamlPath;
  /** The spelling that was used for `tests`. */
  readonly testsKey: string;
  /** The entry as written, Jinja rendered. */
  readonly raw: JsonObject;
  /** Of a model that has versions; each is an entry of its own. */
  readonly version?: ModelVersion;
}

export interface SnapshotProperties extends NodeProperties {
  /** `ref('x')` or `source('x', 'y')` of a snapshot that is written in YAML alone. */
  readonly relation: string | undefined;
}

export interface ColumnProperties {
  readonly name: string;
  readonly description: string;
  readonly dataType: string | undefined;
  readonly isQuoted: boolean;
  readonly tags: readonly string[];
  readonly tests: readonly unknown[];
  readonly path: YamlPath;
  readonly testsKey: string;
}

export interface SourceProperties {
  readonly name: string;
  readonly description: string;
  readonly database: string | undefined;
  readonly schema: string | undefined;
  readonly config: Readonly<Record<string, unknown>>;
  readonly quoting: Quoting;
  readonly tables: readonly SourceTableProperties[];
  readonly path: YamlPath;
  readonly raw: JsonObject;
}

export interface SourceTableProperties extends NodeProperties {
  readonly identifier: string | undefined;
  readonly quoting: Quoting;
}

export interface ExposureProperties {
  readonly name: string;
  readonly label: string | undefined;
  readonly description: string;
  readonly type: string;
  readonly url: string | undefined;
  readonly dependsOn: readonly string[];
  /** `config:`, with what stands beside it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** `config:` alone. */
  readonly ownConfig: Readonly<Record<string, unknown>>;
  readonly path: YamlPath;
  readonly raw: JsonObject;
}
