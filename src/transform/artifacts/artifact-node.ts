import type { JsonObject, JsonValue } from '../../core/json.ts';

/** What `manifest.json` says about a model, test, source, exposure or any other resource, as far as it is read here. */
export interface ArtifactNode {
  readonly [key: string]: JsonValue | undefined;
  readonly unique_id: string;
  readonly resource_type: string;
  readonly name: string;
  readonly package_name: string;
  readonly fqn: readonly string[];
  readonly path: string;
  readonly original_file_path: string;
  readonly tags?: readonly string[];
  readonly config?: JsonObject;
  readonly unrendered_config?: JsonObject;
  readonly depends_on?: { readonly macros?: readonly string[]; readonly nodes?: readonly string[] };
  readonly raw_code?: string;
  readonly patch_path?: string | null;
}

export interface ArtifactMacro {
  readonly [key: string]: JsonValue | undefined;
  readonly unique_id: string;
  readonly name: string;
  readonly macro_sql: string;
  readonly depends_on: { readonly macros: readonly string[] };
}

type Nodes = Readonly<Record<string, ArtifactNode>>;

/** dbt's `manifest.json`, version 12. */
export interface ManifestArtifact {
  readonly metadata: JsonObject & { readonly project_name?: JsonValue; readonly adapter_type?: JsonValue };
  readonly nodes: Nodes;
  readonly sources: Nodes;
  readonly macros: Readonly<Record<string, ArtifactMacro>>;
  readonly docs: JsonObject;
  readonly exposures: Nodes;
  readonly metrics: Nodes;
  readonly groups: JsonObject;
  readonly selectors: JsonObject;
  readonly disabled: Readonly<Record<string, readonly ArtifactNode[]>>;
  readonly parent_map: Readonly<Record<string, readonly string[]>>;
  readonly child_map: Readonly<Record<string, readonly string[]>>;
  readonly group_map: Readonly<Record<string, readonly string[]>>;
  readonly saved_queries: Nodes;
  readonly semantic_models: Nodes;
  readonly unit_tests: Nodes;
}
