import type { ReadPackage } from './package-parts.ts';
import type { PlacedProperties } from './property-reader.ts';

type Kind = 'models' | 'seeds';

/** The property entry of a file, by its name. */
export type FindProperties = (kind: Kind, name: string) => PlacedProperties | undefined;

/**
 * What describes the models and seeds of a package: its own property files and, as in dbt, those of another package that describe
 * what the other has no file for.
 */
export function findProperties(item: ReadPackage, packages: readonly ReadPackage[]): FindProperties {
  const others = packages.filter(
    ({ room }) => room.projectFile !== item.room.projectFile && room.dataset === undefined,
  );
  return (kind, name) => {
    const own = item.properties[kind].get(name);
    if (own || others.length === 0) return own;
    const foreign = others.find(
      ({ content, properties }) =>
        properties[kind].has(name) && !content[kind].some((file) => file.name === name),
    );
    return foreign?.properties[kind].get(name);
  };
}
