import { ConfigError } from '../../core/errors.ts';
import type { Origin } from '../../core/origin.ts';
import { partLevels, type PartLevel } from '../../connector/connection.ts';

/** An object that is a folder of files, one folder within it for each part of the update key. */
interface PathParts {
  /** The object without its parts. */
  readonly folder: string;
  readonly levels: readonly PartLevel[];
  /** What the last part of the path says about the files. */
  readonly format?: string;
}

const anyPart = /\{part_\w+\}/;

/**
 * Takes `{part_year}` and the like out of an object: `orders/{part_year}/{part_month}` is the folder `orders`.
 * @throws ConfigError for a part that is not known, or is no folder of its own
 */
export function pathParts(object: string, origin: Origin): PathParts | undefined {
  if (!anyPart.test(object)) return undefined;
  const segments = object.split('/');
  const first = segments.findIndex((segment) => anyPart.test(segment));
  const levels: PartLevel[] = [];
  let format: string | undefined;
  for (const segment of segments.slice(first)) {
    const [, level, extension] = /^(?:\{part_(\w+)\}|\*)?(?:\.(\w+))?$/.exec(segment) ?? [];
    const isUnderstood = level !== undefined || extension !== undefined || segment === '' || segment === '*';
    if (!isUnderstood) throw partInvalid(`'${segment}' in the object is no part by itself`, origin);
    if (level !== undefined) levels.push(levelOf(level, origin));
    format ??= extension;
  }
  const folder = segments.slice(0, first).join('/');
  if (folder.replace(/^file:/, '').replaceAll('/', '') === '')
    throw partInvalid('the object has no folder before its parts', origin);
  return { folder, levels, ...(format === undefined ? {} : { format }) };
}

/** A stream of files in folders of parts, as a pattern of all of them: which of them are new the update key tells. */
export function partsPattern(name: string, format: unknown): string {
  if (!anyPart.test(name)) return name;
  const [fixed = ''] = name.split(anyPart);
  const [, written] = /\.(\w+)$/.exec(name) ?? [];
  const extension = written ?? (typeof format === 'string' ? format : undefined);
  return `${fixed.slice(0, fixed.lastIndexOf('/') + 1)}**/*${extension === undefined ? '' : `.${extension}`}`;
}

function levelOf(written: string, origin: Origin): PartLevel {
  const level = partLevels.find((known) => known === written);
  if (level !== undefined) return level;
  throw partInvalid(`{part_${written}} is no part of a time`, origin);
}

function partInvalid(message: string, origin: Origin): ConfigError {
  const known = partLevels.map((level) => `{part_${level}}`).join(' ');
  return new ConfigError(message, {
    code: 'object_invalid',
    origin,
    next: `Write folders such as orders/{part_year}/{part_month}; known are: ${known}`,
  });
}
