import type { JsonObject } from '../../core/json.ts';
import type { Origin } from '../../core/origin.ts';
import { cteName } from '../context/relation.ts';
import type { ProjectScope } from '../context/render-scope.ts';
import type { DbtProjectFile } from '../files/dbt-project-file.ts';
import type { Warning } from '../files/mistakes.ts';
import { homeName } from '../manifest/dataset.ts';
import type { ConfigEntries } from '../manifest/config-layer.ts';
import type { NodeNames } from './node-names.ts';
import type {
  AnalysisNode,
  Dependency,
  ModelNode,
  RefArguments,
  TestNode,
  TransformNode,
} from '../manifest/transform-node.ts';
import type { DocBlock } from './docs-reader.ts';
import type { Sections } from './section-reader.ts';

/** Everything that is known about a dbt project once it is read. */
export interface Manifest extends ManifestNodes {
  readonly projectName: string;
  /** `dbt_project.yml` of the project itself. */
  readonly projectFile: DbtProjectFile;
  /** What templates of the project itself see. */
  readonly scope: ProjectScope;
  /** What templates of each home see (see `homeName`), the project itself included. */
  readonly scopes: ReadonlyMap<string, ProjectScope>;
  /** Folder of the project and of each package, relative to the Millrace project. */
  readonly folders: ReadonlyMap<string, string>;
  readonly docs: readonly DocBlock[];
  readonly runHooks: readonly RunHook[];
}

/** What a project's files define, as plain data that can be kept. */
export interface ManifestNodes {
  readonly names: NodeNames;
  readonly analyses: readonly AnalysisNode[];
  readonly disabled: Disabled;
  readonly sections: Sections;
  readonly tests: readonly TestNode[];
  readonly exposures: readonly Exposure[];
  readonly warnings: readonly Warning[];
  readonly byId: ReadonlyMap<string, TransformNode>;
  readonly byKey: ReadonlyMap<string, TransformNode>;
}

/** What is switched off. */
export interface Disabled {
  readonly nodes: readonly (TransformNode | AnalysisNode)[];
  readonly sections: Sections;
  readonly exposures: readonly Exposure[];
}

/** A statement at the beginning or the end of a run. */
export interface RunHook {
  readonly at: 'start' | 'end';
  readonly packageName: string;
  /** The statement, on the line of its file that it stands on. */
  readonly text: string;
  readonly origin: Origin;
}

/** Somebody outside who reads models: a dashboard, an application. */
export interface Exposure {
  readonly name: string;
  readonly label: string;
  readonly description: string;
  readonly type: string;
  readonly origin: Origin;
  readonly packageName: string;
  readonly fqn: readonly string[];
  readonly dependencies: readonly Dependency[];
  readonly refs: readonly RefArguments[];
  readonly sources: readonly (readonly [string, string])[];
  readonly metrics: readonly (readonly string[])[];
  readonly tags: readonly string[];
  readonly entries: ConfigEntries;
  readonly details: JsonObject;
  /** The entry as written. */
  readonly properties: JsonObject;
}

/** What the templates of a node see. */
export function scopeOf(manifest: Manifest, node: TransformNode | AnalysisNode): ProjectScope {
  return manifest.scopes.get(homeName(node)) ?? manifest.scope;
}

/** Name under which an ephemeral model is injected. */
export function cteNameOf({ name, dataset }: Pick<ModelNode, 'name' | 'dataset'>): string {
  return cteName(dataset ? `${name}__${dataset.value}` : name);
}

/** What a node reads, directly. */
export function dependenciesOf(node: TransformNode | AnalysisNode): readonly Dependency[] {
  return node.kind === 'source' || node.kind === 'seed' ? [] : node.dependencies;
}

/** Ids of everything upstream of a node, itself excluded. */
export function ancestorsOf(manifest: Pick<Manifest, 'byId'>, uniqueId: string): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [uniqueId];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const node = manifest.byId.get(next);
    if (!node) continue;
    for (const dependency of dependenciesOf(node)) {
      if (found.has(dependency.uniqueId)) continue;
      found.add(dependency.uniqueId);
      waiting.push(dependency.uniqueId);
    }
  }
  return found;
}

/** The ephemeral models that `node` needs as CTEs, each after those that it needs itself. */
export function ephemeralsOf(manifest: Manifest, dependencies: readonly Dependency[]): readonly ModelNode[] {
  const found: ModelNode[] = [];
  const seen = new Set<string>();
  const visit = (list: readonly Dependency[]): void => {
    for (const { uniqueId } of list) {
      const node = manifest.byId.get(uniqueId);
      if (node?.kind !== 'model' || node.config.materialized !== 'ephemeral' || seen.has(uniqueId)) continue;
      seen.add(uniqueId);
      visit(node.dependencies);
      found.push(node);
    }
  };
  visit(dependencies);
  return found;
}
