import { z } from 'zod';
import { columnSchema } from './column-schema.ts';
import { isJsonRecord } from './plain-value.ts';
import { metadata, record } from './yaml-schema.ts';
import type { Mistakes } from './mistakes.ts';
import type { YamlFile, YamlPath } from './yaml-file.ts';

/** One of the versions of a model. */
export interface ModelVersion {
  readonly v: string | number;
  readonly latest: string | number;
  /** Names that the file of the version may have, without its extension; the first one that exists is meant. */
  readonly fileNames: readonly string[];
}

const text = z.string().nullish();
const tests = z.array(z.unknown()).nullish();
const names = z.union([z.string(), z.array(z.string())]);

/** `include` and `exclude` of a version's columns, instead of a column. */
const choice: z.ZodType<Choice> = record({
  include: names.optional(),
  exclude: z.array(z.string()).optional(),
});

interface Choice {
  readonly include?: string | readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

interface RawVersion {
  readonly v: string | number;
  readonly defined_in?: string | null | undefined;
  readonly tests?: readonly unknown[] | null | undefined;
  readonly columns?: readonly (Choice | z.infer<typeof columnSchema>)[] | null | undefined;
  readonly config?: Readonly<Record<string, unknown>> | null | undefined;
}

/** An entry of `versions:`, as written. */
export const versionEntry: z.ZodType<RawVersion> = record({
  v: z.union([z.string(), z.number()]),
  defined_in: text,
  description: text,
  access: metadata,
  config: z.record(z.string(), z.unknown()).nullish(),
  constraints: metadata,
  columns: z.array(z.union([choice, columnSchema])).nullish(),
  tests,
  data_tests: tests,
  docs: metadata,
  meta: metadata,
  deprecation_date: metadata,
});

interface VersionedEntry {
  readonly name: string;
  readonly versions?: readonly RawVersion[] | null | undefined;
  readonly latest_version?: unknown;
  readonly deprecation_date?: unknown;
  readonly columns?: readonly z.infer<typeof columnSchema>[] | null | undefined;
  readonly config?: Readonly<Record<string, unknown>> | null | undefined;
}

interface PlacedVersion<Entry> {
  readonly entry: Entry;
  readonly path: YamlPath;
  readonly version: ModelVersion | undefined;
}

/** A model's entry once for each of its versions, with what the version says put over what all have in common. */
export function modelVersions<Entry extends VersionedEntry>(
  entry: Entry,
  path: YamlPath,
): readonly PlacedVersion<Entry>[] {
  const versions = entry.versions ?? [];
  if (versions.length === 0) return [{ entry, path, version: undefined }];
  const latest = latestOf(entry, versions);
  return versions.map((version, index) => {
    const { v, defined_in: file, columns, config, ...rest } = version;
    const { versions: _all, deprecation_date: _ofModel, ...common } = entry;
    const fileNames =
      typeof file === 'string'
        ? [file]
        : [
            `${entry.name}.v${v}`,
            `${entry.name}_v${v}`,
            ...(String(v) === String(latest) ? [entry.name] : []),
          ];
    return {
      entry: {
        ...common,
        ...withoutEmpty({ ...rest, tests: rest.tests?.length === 0 ? undefined : rest.tests }),
        config: { ...entry.config, ...config },
        columns: chosenColumns(entry.columns ?? [], columns ?? undefined),
      } as unknown as Entry,
      path: [...path, 'versions', index],
      version: { v, latest, fileNames },
    };
  });
}

/** `latest_version` must be one of the versions. */
export function checkLatestVersion(
  yaml: YamlFile,
  { latest_version: latest, versions }: VersionedEntry,
  path: YamlPath,
  mistakes: Mistakes,
): void {
  const known = (versions ?? []).map(({ v }) => String(v));
  if ((typeof latest !== 'string' && typeof latest !== 'number') || known.includes(String(latest))) return;
  mistakes.add(`latest_version is ${latest}, which is none of the versions ${known.join(', ')}`, {
    code: 'version_missing',
    origin: yaml.locate([...path, 'latest_version']),
  });
}

function withoutEmpty(rest: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(rest).filter(([, value]) => value !== null && value !== undefined && value !== ''),
  );
}

/** The one that is said to be, else the highest. */
function latestOf(entry: VersionedEntry, versions: readonly RawVersion[]): string | number {
  const said = entry.latest_version;
  if (typeof said === 'string' || typeof said === 'number') return said;
  return (
    versions
      .map(({ v }) => v)
      .toSorted(compareVersions)
      .at(-1) ?? 1
  );
}

/** Numbers by value, everything else by its text. */
export function compareVersions(left: string | number, right: string | number): number {
  const [a, b] = [Number(left), Number(right)];
  if (!Number.isNaN(a) && !Number.isNaN(b)) return a - b;
  return String(left) < String(right) ? -1 : 1;
}

type Column = z.infer<typeof columnSchema>;

function chosenColumns(
  common: readonly Column[],
  said: RawVersion['columns'] | undefined,
): readonly Column[] {
  if (!said) return common;
  const own = said.filter((item): item is Column => 'name' in item);
  const rule = said.find((item): item is Choice => !('name' in item));
  const isAll = !rule || rule.include === undefined || rule.include === 'all' || rule.include === '*';
  const included = new Set(Array.isArray(rule?.include) ? rule.include : []);
  const excluded = new Set(rule?.exclude ?? []);
  const ownNames = new Set(own.map(({ name }) => name));
  return [
    ...common.filter(
      ({ name }) => (isAll || included.has(name)) && !excluded.has(name) && !ownNames.has(name),
    ),
    ...own,
  ].filter((column) => isJsonRecord(column));
}
