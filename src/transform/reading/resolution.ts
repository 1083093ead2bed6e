import { ConfigError } from '../../core/errors.ts';
import { didYouMean } from '../files/suggestion.ts';
import type { Dependency, RefNode, SourceNode } from '../manifest/transform-node.ts';
import type { RecordedCalls, RefCall, SourceCall } from './recorded-calls.ts';

/** Names that templates may use. */
export interface Names {
  readonly projectName: string;
  readonly refs: ReadonlyMap<string, RefNode>;
  readonly sources: ReadonlyMap<string, SourceNode>;
  /** Names of disabled models, seeds and `source.table`s. */
  readonly disabled: ReadonlySet<string>;
}

/** The nodes behind recorded calls, each once. Throws nothing; every missing one is given to `report`. */
export function resolveCalls(
  names: Names,
  calls: RecordedCalls,
  report: (error: ConfigError) => void,
): readonly Dependency[] {
  const found = new Map<string, Dependency>();
  const add = (resolve: () => RefNode | SourceNode, origin: Dependency['origin']): void => {
    try {
      const { uniqueId } = resolve();
      if (!found.has(uniqueId)) found.set(uniqueId, { uniqueId, origin });
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      report(error);
    }
  };
  for (const call of calls.refs) add(() => resolveRef(names, call), call.origin);
  for (const call of calls.sources) add(() => resolveSource(names, call), call.origin);
  return [...found.values()];
}

/** Throws a ConfigError `model_missing` or `package_missing`. */
export function resolveRef(names: Names, call: RefCall): RefNode {
  const { name, packageName, origin } = call;
  if (packageName !== undefined && packageName !== names.projectName) {
    throw new ConfigError(`ref("${packageName}", "${name}"): there is no package "${packageName}"`, {
      code: 'package_missing',
      origin,
      next: 'Packages are not yet supported; copy the model into this project.',
    });
  }
  const node = names.refs.get(name);
  if (node) return node;
  if (names.disabled.has(name)) {
    throw new ConfigError(`ref("${name}"): the model is disabled`, {
      code: 'model_missing',
      origin,
      next: 'Enable it, or disable what reads it too.',
    });
  }
  throw new ConfigError(
    `ref("${name}"): there is no such model or seed${didYouMean(name, names.refs.keys())}`,
    {
      code: 'model_missing',
      origin,
    },
  );
}

/** Throws a ConfigError `source_missing`. */
export function resolveSource(names: Names, call: SourceCall): SourceNode {
  const { sourceName, tableName, origin } = call;
  const wanted = `${sourceName}.${tableName}`;
  const node = names.sources.get(wanted);
  if (node) return node;
  const said = `source("${sourceName}", "${tableName}")`;
  if (names.disabled.has(wanted)) {
    throw new ConfigError(`${said}: the source table is disabled`, { code: 'source_missing', origin });
  }
  const sourceNames = new Set([...names.sources.values()].map((source) => source.sourceName));
  const tables = [...names.sources.values()].filter((source) => source.sourceName === sourceName);
  const reason = sourceNames.has(sourceName)
    ? `the source has no table "${tableName}"${didYouMean(
        tableName,
        tables.map((table) => table.name),
      )}`
    : `no property file declares the source "${sourceName}"${didYouMean(sourceName, sourceNames)}`;
  throw new ConfigError(`${said}: ${reason}`, {
    code: 'source_missing',
    origin,
    next: 'Declare it under "sources:" in a property file.',
  });
}
