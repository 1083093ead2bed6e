import type { Origin } from '../../core/origin.ts';
import type { ConfigTree } from '../files/dbt-project-file.ts';
import { isJsonRecord } from '../files/plain-value.ts';
import type { YamlFile, YamlPath } from '../files/yaml-file.ts';

/** Configuration from one place. Later layers are nearer to the node. */
export interface ConfigLayer {
  readonly values: Readonly<Record<string, unknown>>;
  originOf(key: string): Origin;
  /** The value before its templates were rendered, where that is known. */
  writtenOf?(key: string): unknown;
}

export interface ConfigEntry {
  readonly value: unknown;
  /** What the nearest layer alone says, as it was written; left out where that is the value. */
  readonly written?: unknown;
  /** Where the value, or its last part, was written. */
  readonly origin: Origin;
}

/** Merged configuration: by key without `+`, `pre-hook` spelt `pre_hook`. */
export type ConfigEntries = ReadonlyMap<string, ConfigEntry>;

/** A layer written in a YAML file under `path`. */
export function yamlLayer(
  yaml: YamlFile,
  values: Readonly<Record<string, unknown>>,
  path: YamlPath,
): ConfigLayer {
  return {
    values,
    originOf: (key) => {
      const inConfig = yaml.locate([...path, 'config', key]);
      const beside = yaml.locate([...path, key]);
      return (inConfig.line ?? 0) > (beside.line ?? 0) ? inConfig : beside;
    },
  };
}

/**
 * The layers of a `models:` (or `seeds:`, ...) tree that apply to `fqn` (`[project, ...folders, name]`), the widest first.
 * A key is configuration if it starts with `+` or if its value is no map; every other key is a folder.
 */
export function treeLayers(yaml: YamlFile, tree: ConfigTree, fqn: readonly string[]): readonly ConfigLayer[] {
  const layers: ConfigLayer[] = [];
  let level: unknown = tree.value;
  const path: string[] = [tree.key];
  for (const folder of [undefined, ...fqn]) {
    if (folder !== undefined) {
      level = isJsonRecord(level) ? level[folder] : undefined;
      path.push(folder);
    }
    if (!isJsonRecord(level)) break;
    const values = Object.fromEntries(
      Object.entries(level).filter(([key, value]) => key.startsWith('+') || !isJsonRecord(value)),
    );
    const at = [...path];
    layers.push({
      values,
      originOf: (key) => yaml.locate([...at, key]),
      writtenOf: (key) => valueAt(yaml.value, [...at, key]),
    });
  }
  return layers;
}

/**
 * One configuration out of all layers, as dbt merges them: tags and hooks add up, `meta` and others that are maps merge by
 * key, grants by privilege; everything else is taken from the last layer that has it.
 */
export function mergeLayers(layers: readonly ConfigLayer[]): ConfigEntries {
  const merged = new Map<string, ConfigEntry>();
  for (const layer of layers) {
    for (const [written, value] of Object.entries(layer.values)) {
      const key = configKey(written);
      const before = merged.get(key)?.value;
      const together = mergeValue(key, before, value);
      const said = layer.writtenOf ? layer.writtenOf(written) : value;
      const entry = { value: together, origin: layer.originOf(written) };
      merged.set(key, said === together ? entry : { ...entry, written: said });
    }
  }
  return merged;
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (isJsonRecord(at) ? at[key] : undefined), value);
}

function configKey(written: string): string {
  const key = written.replace(/^\+/, '');
  return key === 'pre-hook' || key === 'post-hook' ? key.replace('-', '_') : key;
}

function mergeValue(key: string, before: unknown, value: unknown): unknown {
  if (addingUp.has(key)) return [...asList(before), ...asList(value)];
  if (key === 'grants' && isJsonRecord(value)) return mergeGrants(isJsonRecord(before) ? before : {}, value);
  if (byKey.has(key) && isJsonRecord(before) && isJsonRecord(value)) return { ...before, ...value };
  return value;
}

const addingUp = new Set(['tags', 'packages', 'pre_hook', 'post_hook']);
const byKey = new Set(['meta', 'column_types', 'docs', 'contract', 'quoting', 'snapshot_meta_column_names']);

/** The nearest list of each privilege counts; that of `+select` is added to the wider ones. */
function mergeGrants(
  before: Readonly<Record<string, unknown>>,
  value: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged = new Map(Object.entries(before));
  for (const [written, grantees] of Object.entries(value)) {
    const privilege = written.replace(/^\++/, '');
    const wider = written.startsWith('+') ? asList(merged.get(privilege)) : [];
    merged.set(privilege, [...wider, ...asList(grantees)]);
  }
  return Object.fromEntries(merged);
}

function asList(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}
