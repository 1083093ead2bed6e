import { yamlContext } from '../context/node-context.ts';
import type { ProjectScope } from '../context/render-scope.ts';
import type { DatasetDimension } from '../files/datasets-file.ts';
import type { DbtProjectFile } from '../files/dbt-project-file.ts';
import type { Mistakes } from '../files/mistakes.ts';
import type { Dataset } from '../manifest/dataset.ts';
import { divide, type PackageParts } from './dataset-parts.ts';
import { filesDescribing, namesIn, propertiesFor, propertiesOnce } from './dataset-properties.ts';
import type { ReadingRoom } from './node-reader.ts';
import type { PackageContent, PackageFiles } from './package-reader.ts';
import { type Properties, readProperties } from './property-reader.ts';

/** The project or one of its packages, or what of it is built for one dataset, ready to be made into nodes. */
export interface ReadPackage {
  readonly room: ReadingRoom;
  readonly content: PackageContent;
  readonly properties: Properties;
}

/** A package whose parts are to be read. */
interface PackageReading {
  readonly files: PackageFiles;
  /** Its folder, relative to the Millrace project. */
  readonly path: string;
  /** For a package: the file of the project that uses it. */
  readonly rootFile: DbtProjectFile | undefined;
  /** dbt's target schema of what is built once. */
  readonly targetSchema: string;
  readonly scopeOf: (dataset?: Dataset, schema?: string) => ProjectScope;
  readonly docs: ReadonlyMap<string, string>;
  readonly mistakes: Mistakes;
}

/** What is built once of a package, then its part for each dataset. */
export function readParts(
  reading: PackageReading,
  dimensions: readonly DatasetDimension[],
): readonly ReadPackage[] {
  const { files, path, rootFile, mistakes, docs } = reading;
  const { once, repeated } = divide(files, path, rootFile === undefined, dimensions);
  const scope = reading.scopeOf();
  const room = {
    projectFile: files.projectFile,
    folder: path,
    rootFile,
    dataset: undefined,
    scope,
    mistakes,
  };
  const properties = readProperties(once.properties, yamlContext(scope, docs), mistakes);
  if (repeated.length === 0) return [{ room, content: once, properties }];
  const names = namesIn(repeated.map(({ content }) => content));
  const described = filesDescribing(properties, names);
  const further = once.properties.filter(({ file }) => described.has(file));
  const parts = repeated.map((part) => readPart(reading, room, part, further));
  const first = parts.flatMap((part) => part[0]?.properties ?? []);
  return [{ room, content: once, properties: propertiesOnce(properties, names, first) }, ...parts.flat()];
}

/** What a dimension repeats, once for each of its datasets. `further` are property files of other folders that describe some of it. */
function readPart(
  { scopeOf, targetSchema, docs, mistakes }: PackageReading,
  room: ReadingRoom,
  { dimension, content }: PackageParts['repeated'][number],
  further: PackageContent['properties'],
): readonly ReadPackage[] {
  const inside = new Set(content.properties.map(({ file }) => file));
  const names = namesIn([content]);
  return dimension.datasets.map(({ name, schema, vars }) => {
    const dataset = {
      dimension: dimension.name,
      value: name,
      vars: { [dimension.name]: name, ...vars, [dimension.name]: name },
    };
    const scope = scopeOf(dataset, schema ?? `${targetSchema}_${name}`);
    const context = yamlContext(scope, docs);
    const properties = readProperties([...content.properties, ...further], context, mistakes);
    return {
      room: { ...room, dataset, scope },
      content,
      properties: propertiesFor(properties, inside, names),
    };
  });
}
