import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import type { Mistakes } from './mistakes.ts';
import { shapeYaml, type YamlFile } from './yaml-file.ts';
import { record, texts } from './yaml-schema.ts';

/** What `datasets.yml` says: parts of the project that are built once for each of several datasets. */
export interface DatasetsFile {
  readonly yaml: YamlFile;
  readonly dimensions: readonly DatasetDimension[];
}

/** Datasets that are alike, and what is built for each of them. */
export interface DatasetDimension {
  readonly name: string;
  /** Folders of the project, such as `models/cleaning`. */
  readonly folders: readonly string[];
  /** Packages that are built for each as a whole. */
  readonly packages: readonly string[];
  readonly datasets: readonly DatasetEntry[];
}

export interface DatasetEntry {
  readonly name: string;
  /** dbt's target schema for it. */
  readonly schema: string | undefined;
  readonly vars: JsonObject;
}

const dimensionName = /^[A-Za-z_]\w*$/;
const datasetName = /^\w+$/;

const nameRule =
  'the name of a dataset is made of letters, digits and _; words such as no and on need quotes';
const list = z.array(
  z.union([z.string(), z.number()], { error: nameRule }).transform((name) => String(name)),
);
const map = z.record(
  z.string(),
  record({ schema: z.string().nullish(), vars: z.record(z.string(), z.json()).nullish() }).nullable(),
);
const dimension = record({ folders: texts, packages: texts, values: z.unknown().optional() });
const file = record({ datasets: z.record(z.string(), dimension) });

/** Checks a `datasets.yml` whose Jinja was already rendered into `value`. */
export function shapeDatasets(yaml: YamlFile, value: unknown, mistakes: Mistakes): DatasetsFile {
  const raw = shapeYaml(yaml, value, file, mistakes);
  const dimensions = Object.entries(raw?.datasets ?? {}).map(
    ([name, { folders = [], packages = [], values }]): DatasetDimension => ({
      name,
      folders: folders.map((folder) => folder.replace(/^\.\//, '').replace(/\/+$/, '')),
      packages,
      datasets: datasetEntries(yaml, name, values, mistakes),
    }),
  );
  if (mistakes.issues.length === 0) for (const each of dimensions) checkDimension(yaml, each, mistakes);
  return { yaml, dimensions };
}

/** A list of names, or a map of names with what is particular to each. */
function datasetEntries(
  yaml: YamlFile,
  dimensionName: string,
  values: unknown,
  mistakes: Mistakes,
): readonly DatasetEntry[] {
  if (values === undefined || values === null) return [];
  const under = ['datasets', dimensionName, 'values'];
  if (Array.isArray(values)) {
    const names = shapeYaml(yaml, values, list, mistakes, under) ?? [];
    return names.map((name) => ({ name, schema: undefined, vars: {} }));
  }
  const said = shapeYaml(yaml, values, map, mistakes, under) ?? {};
  return Object.entries(said).map(([name, entry]) => ({
    name,
    schema: entry?.schema ?? undefined,
    vars: entry?.vars ?? {},
  }));
}

function checkDimension(
  yaml: YamlFile,
  { name, folders, packages, datasets }: DatasetDimension,
  mistakes: Mistakes,
): void {
  const wrong = (message: string, key: string): void => {
    mistakes.add(message, { code: 'datasets_invalid', origin: yaml.locate(['datasets', name, key]) });
  };
  if (!dimensionName.test(name)) wrong(`"${name}" cannot be the name of a variable`, '');
  if (folders.length + packages.length === 0) {
    wrong(`"${name}" says neither "folders" nor "packages": nothing would be built for its datasets`, '');
  }
  if (datasets.length === 0) wrong(`"${name}" has no datasets: name some under "values"`, 'values');
  const names = datasets.map((dataset) => dataset.name);
  const unfit = names.find((dataset) => !datasetName.test(dataset));
  if (unfit !== undefined) wrong(`"${unfit}": ${nameRule}`, 'values');
  const twice = names.find((dataset, index) => names.indexOf(dataset) < index);
  if (twice !== undefined) wrong(`"${twice}" is there twice`, 'values');
  for (const { name: dataset, schema } of datasets) {
    const same = datasets.find((other) => other.schema === schema && other.name !== dataset);
    if (schema === undefined || !same) continue;
    wrong(`"${dataset}" and "${same.name}" are both built in the schema "${schema}"`, 'values');
    break;
  }
}
