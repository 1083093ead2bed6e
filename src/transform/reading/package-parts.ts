import { yamlContext } from '../context/node-context.ts';
import type { ProjectScope } from '../context/render-scope.ts';
import type { DatasetDimension } from '../files/datasets-file.ts';
import type { DbtProjectFile } from '../files/dbt-project-file.ts';
import type { Mistakes } from '../files/mistakes.ts';
import type { Dataset } from '../manifest/dataset.ts';
import { divideContent } from './dataset-parts.ts';
import { filesDescribing, namesIn, propertiesFor, propertiesOnce } from './dataset-properties.ts';
import type { ReadingRoom } from './reading-room.ts';
import type { PackageContent, PackageFiles } from './package-reader.ts';
import { type Properties, readProperties } from './property-reader.ts';

/** The project or one of its packages, or what of it is built for one dataset. */
export interface PackagePart {
  readonly room: ReadingRoom;
  readonly content: PackageContent;
}

/** A part whose property files are read: ready to be made into nodes. */
export interface ReadPackage extends PackagePart {
  readonly properties: Properties;
}

export interface DividedPackage {
  /** What is built once. */
  readonly once: PackagePart;
  /** For each dimension the same files once for each of its datasets. */
  readonly repeated: readonly (readonly PackagePart[])[];
}

/** A package that is to be divided. */
interface UndividedPackage {
  readonly files: PackageFiles;
  /** Its folder, relative to the Millrace project. */
  readonly path: string;
  /** For a package: the file of the project that uses it. */
  readonly rootFile: DbtProjectFile | undefined;
  /** dbt's target schema of what is built once. */
  readonly targetSchema: string;
  readonly scopeOf: (dataset?: Dataset, schema?: string) => ProjectScope;
  readonly mistakes: Mistakes;
}

export function dividePackage(
  { files, path, rootFile, targetSchema, scopeOf, mistakes }: UndividedPackage,
  dimensions: readonly DatasetDimension[],
): DividedPackage {
  const { once, repeated } = divideContent(files, path, rootFile === undefined, dimensions);
  const { projectFile } = files;
  const scope = scopeOf();
  const room = { projectFile, folder: path, rootFile, dataset: undefined, scope, mistakes };
  return {
    once: { room, content: once },
    repeated: repeated.map(({ dimension, content }) =>
      dimension.datasets.map(({ name, schema, vars }) => {
        const named = { [dimension.name]: name };
        const dataset = { dimension: dimension.name, value: name, vars: { ...named, ...vars, ...named } };
        const own = scopeOf(dataset, schema ?? `${targetSchema}_${name}`);
        return { room: { ...room, dataset, scope: own }, content };
      }),
    ),
  };
}

/** Reads the property files of a package for each of its parts. */
export function readParts(
  { once, repeated }: DividedPackage,
  docs: ReadonlyMap<string, string>,
): readonly ReadPackage[] {
  const read = ({ room }: PackagePart, files: PackageContent['properties']): Properties =>
    readProperties(files, yamlContext(room.scope, docs), room.mistakes);
  const properties = read(once, once.content.properties);
  if (repeated.length === 0) return [{ ...once, properties }];
  const names = namesIn(repeated.flatMap(([first]) => (first ? [first.content] : [])));
  const described = filesDescribing(properties, names);
  const further = once.content.properties.filter(({ file }) => described.has(file));
  const parts = repeated.map((same) =>
    same.map((part): ReadPackage => {
      const inside = new Set(part.content.properties.map(({ file }) => file));
      const all = read(part, [...part.content.properties, ...further]);
      return { ...part, properties: propertiesFor(all, inside, namesIn([part.content])) };
    }),
  );
  const first = parts.flatMap(([part]) => (part ? [part.properties] : []));
  return [{ ...once, properties: propertiesOnce(properties, names, first) }, ...parts.flat()];
}
