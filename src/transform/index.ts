export { datasetTagOf } from './artifacts/artifact-dataset.ts';
export type { ArtifactNode, ManifestArtifact } from './artifacts/artifact-node.ts';
export { manifestArtifact, withCompiled } from './artifacts/manifest-artifact.ts';
export { docsPage } from './artifacts/docs-page.ts';
export { semanticArtifact } from './artifacts/semantic-artifact.ts';
export { artifactMetadata, type Invocation, timeText } from './artifacts/metadata.ts';
export type { Compiled } from './artifacts/node-entry.ts';
export { catalogArtifact } from './catalog.ts';
export { type Freshness, sourcesArtifact } from './artifacts/sources-artifact.ts';
export { type Clone, cloneRelations } from './cloning.ts';
export { compileSql } from './compile.ts';
export { compileNodes, type CompiledNodeSql } from './compiling.ts';
export { argumentsToJson, plainArguments, type RunArguments } from './context/run-arguments.ts';
export { installDependencies, readDbtProjectFile } from './dependencies.ts';
export { createDbtExecutor } from './dbt-executor.ts';
export type { DbtSettings, MadeProfile } from './dbt/dbt-settings.ts';
export { explainTransform } from './explain.ts';
export { hasFreshness, measureFreshness } from './freshness.ts';
export { runOperation } from './operation.ts';
export { plainText } from './files/plain-value.ts';
export { pyYamlTags } from './files/yaml-tags.ts';
export { profileConnection } from './profile-connection.ts';
export { readProfile } from './profile.ts';
export { readTransformProject, type TransformProject } from './project.ts';
export { createTransformExecutor } from './run.ts';
export { batchResults, type ResultStatus, statusOf } from './run-results.ts';
export {
  type IndirectSelection,
  indirectSelections,
  parseSelectionArguments,
  type SelectionSpec,
} from './selection/criterion.ts';
export type { PreviousState } from './selection/previous-state.ts';
export { selectResources } from './selection/select-resources.ts';
export { readProjectSelectors } from './selectors.ts';
export { writeSql, writtenPath } from './written-sql.ts';
