import type { JsonObject, JsonValue } from '../../core/json.ts';
import { contextMacros, type ProjectMacro } from '../context/macro-set.ts';
import type { Exposure, Manifest } from '../reading/manifest.ts';
import type { SectionEntry } from '../reading/section-reader.ts';
import type { ArtifactMacro, ArtifactNode } from './artifact-node.ts';
import { sectionConfigEntry, unrenderedConfig } from './config-entry.ts';
import { listOf, objectOf, textOf } from './json-part.ts';
import { macroUses } from './macro-uses.ts';
import { callEntries, originalPath } from './node-entry.ts';

/** `macros`: the project's own and its packages', then dbt's that Millrace has built in. */
export function macroEntries(manifest: Manifest, createdAtSeconds: number): Record<string, ArtifactMacro> {
  const described = new Map(
    manifest.sections.macros.map((entry) => [`${entry.packageName}.${entry.name}`, entry]),
  );
  const found: Record<string, ArtifactMacro> = {};
  for (const [packageName, macros] of manifest.scope.macros.packages) {
    for (const [name, macro] of macros) {
      const entry = described.get(`${packageName}.${name}`);
      found[`macro.${packageName}.${name}`] = macroEntry(
        manifest,
        { packageName, name, macro, entry },
        createdAtSeconds,
      );
    }
  }
  for (const name of [...manifest.scope.macros.builtin.keys(), ...contextMacros]) {
    found[`macro.dbt.${name}`] ??= builtinEntry(name, createdAtSeconds);
  }
  return found;
}

function macroEntry(
  manifest: Manifest,
  given: {
    readonly packageName: string;
    readonly name: string;
    readonly macro: ProjectMacro;
    readonly entry: SectionEntry | undefined;
  },
  createdAtSeconds: number,
): ArtifactMacro {
  const { packageName, name, macro, entry } = given;
  const path = originalPath(manifest, packageName, macro.origin.file);
  const scope = manifest.scopes.get(packageName) ?? manifest.scope;
  const properties = entry?.properties ?? {};
  return {
    name,
    resource_type: 'macro',
    package_name: packageName,
    path,
    original_file_path: path,
    unique_id: `macro.${packageName}.${name}`,
    macro_sql: macro.text,
    depends_on: {
      macros: macroUses(macro.text, scope.macros).filter((id) => id !== `macro.${packageName}.${name}`),
    },
    description: properties['description'] ?? '',
    meta: objectOf(properties['meta']),
    docs: { show: true, node_color: null, ...objectOf(properties['docs']) },
    patch_path: entry ? `${packageName}://${originalPath(manifest, packageName, entry.origin.file)}` : null,
    arguments: listOf(properties['arguments']).map((argument) => {
      const { name: argumentName, type, description } = objectOf(argument);
      return { name: argumentName ?? '', type: type ?? null, description: description ?? '' };
    }),
    created_at: createdAtSeconds,
    supported_languages: name.startsWith('materialization_') ? ['sql'] : null,
  };
}

function builtinEntry(name: string, createdAtSeconds: number): ArtifactMacro {
  return {
    name,
    resource_type: 'macro',
    package_name: 'dbt',
    path: 'macros/builtin.sql',
    original_file_path: 'macros/builtin.sql',
    unique_id: `macro.dbt.${name}`,
    macro_sql: '',
    depends_on: { macros: [] },
    description: '',
    meta: {},
    docs: { show: true, node_color: null },
    patch_path: null,
    arguments: [],
    created_at: createdAtSeconds,
    supported_languages: null,
  };
}

export function docEntries(manifest: Manifest): JsonObject {
  return Object.fromEntries(
    manifest.docs.map(({ name, packageName, file, text }) => {
      const original = originalPath(manifest, packageName, file);
      return [
        `doc.${packageName}.${name}`,
        {
          name,
          resource_type: 'doc',
          package_name: packageName,
          path: original.slice(original.indexOf('/') + 1),
          original_file_path: original,
          unique_id: `doc.${packageName}.${name}`,
          block_contents: text,
        },
      ];
    }),
  );
}

export function groupEntries(manifest: Manifest): JsonObject {
  return Object.fromEntries(
    manifest.sections.groups.map((entry) => {
      const id = `group.${entry.packageName}.${entry.name}`;
      const owner = objectOf(entry.properties['owner']);
      return [
        id,
        {
          name: entry.name,
          ...sectionPlace(manifest, entry, 'group', id),
          owner: { email: owner['email'] ?? null, name: owner['name'] ?? null, ...owner },
        },
      ];
    }),
  );
}

/** What all entries of property files have in common. */
export function sectionPlace(
  manifest: Manifest,
  entry: Pick<SectionEntry, 'packageName' | 'origin'>,
  resourceType: string,
  uniqueId: string,
): Pick<ArtifactNode, 'resource_type' | 'package_name' | 'path' | 'original_file_path' | 'unique_id'> {
  const original = originalPath(manifest, entry.packageName, entry.origin.file);
  return {
    resource_type: resourceType,
    package_name: entry.packageName,
    path: original.slice(original.indexOf('/') + 1),
    original_file_path: original,
    unique_id: uniqueId,
  };
}

export function exposureEntries(manifest: Manifest, createdAtSeconds: number): Record<string, ArtifactNode> {
  return Object.fromEntries(
    manifest.exposures.map((exposure) => [
      exposureId(exposure),
      exposureEntry(manifest, exposure, createdAtSeconds),
    ]),
  );
}

/** Ids of the metrics that `metric()` calls name. */
export function metricIds(
  { sections, projectName }: Manifest,
  calls: Exposure['metrics'],
): readonly string[] {
  return calls.map((call) => {
    const [name = '', packageName] = call.toReversed();
    const known = sections.metrics.find(
      (entry) => entry.name === name && (packageName === undefined || entry.packageName === packageName),
    );
    return `metric.${known?.packageName ?? packageName ?? projectName}.${name}`;
  });
}

export function exposureId({ packageName, name }: Exposure): string {
  return `exposure.${packageName}.${name}`;
}

export function exposureEntry(
  manifest: Manifest,
  exposure: Exposure,
  createdAtSeconds: number,
): ArtifactNode {
  const { properties } = exposure;
  const config = sectionConfigEntry({}, exposure.entries);
  const owner = objectOf(properties['owner']);
  const meta: JsonValue = { ...objectOf(properties['meta']), ...objectOf(config['meta']) };
  return {
    name: exposure.name,
    ...sectionPlace(manifest, exposure, 'exposure', exposureId(exposure)),
    fqn: [...exposure.fqn],
    type: exposure.type,
    owner: { email: owner['email'] ?? null, name: owner['name'] ?? null, ...owner },
    description: exposure.description,
    label: textOf(properties['label']) ?? null,
    maturity: properties['maturity'] ?? null,
    meta,
    tags: [...exposure.tags],
    config: onlyConfig(config),
    unrendered_config: onlyConfig(unrenderedConfig(exposure.entries)),
    url: properties['url'] ?? null,
    depends_on: {
      macros: [],
      nodes: [
        ...exposure.dependencies.map(({ uniqueId }) => uniqueId),
        ...metricIds(manifest, exposure.metrics),
      ],
    },
    ...callEntries(exposure),
    created_at: createdAtSeconds,
  };
}

function onlyConfig(config: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== 'meta' && key !== 'tags'));
}
