import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import { toJsonValue } from './plain-value.ts';
import { metadata, record } from './yaml-schema.ts';
import type { YamlPath } from './yaml-file.ts';

/** Rows as a unit test gives them. */
export interface GivenRows {
  readonly format: 'dict' | 'csv' | 'sql';
  /** Maps for `dict`, a text for the others; undefined where a fixture is named. */
  readonly rows: readonly Readonly<Record<string, unknown>>[] | string | undefined;
  /** Name of a file under `fixtures/` of the test paths. */
  readonly fixture: string | undefined;
  readonly path: YamlPath;
}

export interface UnitTestProperties {
  readonly name: string;
  readonly model: string;
  readonly description: string;
  readonly given: readonly (GivenRows & { readonly input: string })[];
  readonly expect: GivenRows;
  readonly overrides: {
    readonly macros: Readonly<Record<string, unknown>>;
    readonly vars: Readonly<Record<string, unknown>>;
    readonly environment: Readonly<Record<string, string>>;
  };
  /** Which versions of the model are tested; all where nothing is said. */
  readonly versions: VersionChoice | undefined;
  readonly config: Readonly<Record<string, unknown>>;
  readonly path: YamlPath;
  /** The entry as written. */
  readonly raw: JsonObject;
}

/** Some versions of a model by name. */
export interface VersionChoice {
  readonly include?: readonly (string | number)[] | null | undefined;
  readonly exclude?: readonly (string | number)[] | null | undefined;
}

interface RawRows {
  readonly rows?: readonly Readonly<Record<string, unknown>>[] | string | null | undefined;
  readonly format?: 'dict' | 'csv' | 'sql' | null | undefined;
  readonly fixture?: string | null | undefined;
}

type RawValues = Readonly<Record<string, unknown>> | null | undefined;

interface RawUnitTest {
  readonly name: string;
  readonly model: string;
  readonly description?: string | null | undefined;
  readonly given?: readonly (RawRows & { readonly input: string })[] | null | undefined;
  readonly expect: RawRows;
  readonly overrides?:
    | {
        readonly macros?: RawValues;
        readonly vars?: RawValues;
        readonly env_vars?: RawValues;
      }
    | null
    | undefined;
  readonly config?: RawValues;
  readonly versions?: VersionChoice | null | undefined;
}

const rows = {
  rows: z.union([z.array(z.record(z.string(), z.unknown())), z.string()]).nullish(),
  format: z.enum(['dict', 'csv', 'sql']).nullish(),
  fixture: z.string().nullish(),
};
const versionList = z.array(z.union([z.string(), z.number()])).nullish();
const values = z.record(z.string(), z.unknown()).nullish();

/** An entry of `unit_tests:`, as written. */
export const unitTest: z.ZodType<RawUnitTest> = record({
  name: z.string(),
  model: z.string(),
  description: z.string().nullish(),
  given: z.array(record({ input: z.string(), ...rows })).nullish(),
  expect: record(rows),
  overrides: record({
    macros: values,
    vars: values,
    env_vars: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  }).nullish(),
  config: values,
  tags: metadata,
  meta: metadata,
  versions: record({ include: versionList, exclude: versionList }).nullish(),
});

export function unitTestProperties(raw: RawUnitTest, path: YamlPath): UnitTestProperties {
  return {
    name: raw.name,
    model: raw.model,
    description: raw.description ?? '',
    given: (raw.given ?? []).map((item, index) => ({
      ...givenRows(item, [...path, 'given', index]),
      input: item.input,
    })),
    expect: givenRows(raw.expect, [...path, 'expect']),
    overrides: {
      macros: raw.overrides?.macros ?? {},
      vars: raw.overrides?.vars ?? {},
      environment: Object.fromEntries(
        Object.entries(raw.overrides?.env_vars ?? {}).map(([key, value]) => [key, String(value)]),
      ),
    },
    versions: raw.versions ?? undefined,
    config: raw.config ?? {},
    path,
    raw: toJsonValue(raw) as JsonObject,
  };
}

function givenRows(raw: RawRows, path: YamlPath): GivenRows {
  return {
    format: raw.format ?? 'dict',
    rows: raw.rows ?? undefined,
    fixture: raw.fixture ?? undefined,
    path,
  };
}
