import type { PropertyFile } from '../files/properties.ts';
import type { PackageContent } from './package-reader.ts';
import type { PlacedProperties, Properties } from './property-reader.ts';

/** Names under which property files describe what a part of a package holds. */
export interface PartNames {
  readonly models: ReadonlySet<string>;
  readonly seeds: ReadonlySet<string>;
  readonly singularTests: ReadonlySet<string>;
  readonly analyses: ReadonlySet<string>;
}

type Kind = keyof PartNames;
const kinds: readonly Kind[] = ['models', 'seeds', 'singularTests', 'analyses'];

export function namesIn(contents: readonly PackageContent[]): PartNames {
  const names = (kind: 'models' | 'seeds' | 'tests' | 'analyses'): ReadonlySet<string> =>
    new Set(contents.flatMap((content) => content[kind].map((file) => file.name)));
  return {
    models: names('models'),
    seeds: names('seeds'),
    singularTests: names('tests'),
    analyses: names('analyses'),
  };
}

/** Property files of what is built once that describe what is built for each dataset, too. */
export function filesDescribing(properties: Properties, repeated: PartNames): ReadonlySet<string> {
  const described = kinds.flatMap((kind) => [...describing(properties[kind], repeated[kind])]);
  const tested = properties.files.filter(({ content }) =>
    content.unitTests.some((test) => repeated.models.has(test.model)),
  );
  return new Set([
    ...described.map((placed) => placed.yaml.file),
    ...tested.map(({ content }) => content.yaml.file),
  ]);
}

/**
 * The properties of what is built once. Exposures, groups and the metrics layer are, wherever they are written:
 * those of `first`, the properties as the first dataset of each dimension reads them, are taken too.
 */
export function propertiesOnce(
  properties: Properties,
  repeated: PartNames,
  first: readonly Properties[],
): Properties {
  const without = <P extends PlacedProperties>(
    kind: Kind,
    map: ReadonlyMap<string, P>,
  ): ReadonlyMap<string, P> => {
    const others = describing(map, repeated[kind]);
    return new Map([...map].filter(([, placed]) => !others.has(placed)));
  };
  const own = properties.files.map(({ folders, content }) => ({
    folders,
    content: { ...content, unitTests: content.unitTests.filter((test) => !repeated.models.has(test.model)) },
  }));
  const ownFiles = new Set(properties.files.map(({ content }) => content.yaml.file));
  const others = first.flatMap(({ files }) =>
    files
      .filter(({ content }) => !ownFiles.has(content.yaml.file))
      .map(({ folders, content }) => ({ folders, content: { ...content, unitTests: [], sources: [] } })),
  );
  return {
    ...properties,
    files: [...own, ...others],
    models: without('models', properties.models),
    seeds: without('seeds', properties.seeds),
    singularTests: without('singularTests', properties.singularTests),
    analyses: without('analyses', properties.analyses),
  };
}

/** The properties of one dataset's part: of `inside` everything, of other files what describes something in the part. */
export function propertiesFor(
  properties: Properties,
  inside: ReadonlySet<string>,
  names: PartNames,
): Properties {
  const only = <P extends PlacedProperties>(
    kind: Kind,
    map: ReadonlyMap<string, P>,
  ): ReadonlyMap<string, P> => {
    const own = describing(map, names[kind]);
    return new Map([...map].filter(([, placed]) => inside.has(placed.yaml.file) || own.has(placed)));
  };
  return {
    files: properties.files.map(({ folders, content }) => ({
      folders,
      content: inside.has(content.yaml.file) ? content : onlyUnitTests(content, names),
    })),
    models: only('models', properties.models),
    seeds: only('seeds', properties.seeds),
    snapshots: new Map([...properties.snapshots].filter(([, { yaml }]) => inside.has(yaml.file))),
    singularTests: only('singularTests', properties.singularTests),
    analyses: only('analyses', properties.analyses),
  };
}

function onlyUnitTests(content: PropertyFile, { models }: PartNames): PropertyFile {
  return {
    ...content,
    sources: [],
    exposures: [],
    groups: [],
    macros: [],
    semanticModels: [],
    metrics: [],
    savedQueries: [],
    unitTests: content.unitTests.filter((test) => models.has(test.model)),
  };
}

/** Entries one of whose names is among `names`. */
function describing<P extends PlacedProperties>(
  map: ReadonlyMap<string, P>,
  names: ReadonlySet<string>,
): ReadonlySet<P> {
  return new Set([...map].flatMap(([name, placed]) => (names.has(name) ? [placed] : [])));
}
