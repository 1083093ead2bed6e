import { ConfigError } from '../../core/errors.ts';
import { didYouMean } from '../files/suggestion.ts';
import type { Dependency, RefNode, SourceNode } from '../manifest/transform-node.ts';
import { meant, type NodeNames } from './node-names.ts';
import type { RecordedCalls, RefCall, SourceCall } from './recorded-calls.ts';

/** The nodes behind calls that a template of `fromPackage` made, each once. Throws nothing; every missing one is given to `report`. */
export function resolveCalls(
  names: NodeNames,
  calls: RecordedCalls,
  fromPackage: string,
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
  for (const call of calls.refs) add(() => resolveRef(names, call, fromPackage), call.origin);
  for (const call of calls.sources) add(() => resolveSource(names, call, fromPackage), call.origin);
  return [...found.values()];
}

/** Throws a ConfigError `model_missing` or `package_missing`. */
export function resolveRef(names: NodeNames, call: RefCall, fromPackage: string): RefNode {
  const { name, packageName, origin } = call;
  if (packageName !== undefined && !names.packageNames.has(packageName)) {
    throw new ConfigError(
      `ref("${packageName}", "${name}"): there is no package "${packageName}"${didYouMean(packageName, names.packageNames)}`,
      { code: 'package_missing', origin, next: 'Name the package in packages.yml.' },
    );
  }
  const named = names.refs.get(name);
  const candidates = ofVersion(named, call.version);
  const node =
    packageName === undefined
      ? meant(names, candidates, fromPackage)
      : candidates?.find((candidate) => candidate.packageName === packageName);
  if (node) return node;
  if (names.disabled.has(name)) {
    throw new ConfigError(`ref("${name}"): the model is disabled`, {
      code: 'model_missing',
      origin,
      next: 'Enable it, or disable what reads it too.',
    });
  }
  if (named !== undefined && named.length > 0) {
    const known = named.map((other) => (other.kind === 'model' ? other.version : undefined));
    throw new ConfigError(
      `ref("${name}", v=${call.version}): the model has no such version; there are ${known.filter((v) => v !== undefined).join(', ') || 'none'}`,
      { code: 'model_missing', origin },
    );
  }
  throw new ConfigError(
    `ref("${name}"): there is no such model or seed${didYouMean(name, names.refs.keys())}`,
    {
      code: 'model_missing',
      origin,
    },
  );
}

/** Those of the wanted version; without one, the latest. */
function ofVersion(
  candidates: readonly RefNode[] | undefined,
  version: RefCall['version'],
): readonly RefNode[] | undefined {
  return candidates?.filter((node) => {
    if (node.kind !== 'model' || node.version === undefined) return version === undefined;
    return String(node.version) === String(version ?? node.latestVersion);
  });
}

/** Throws a ConfigError `source_missing`. */
export function resolveSource(names: NodeNames, call: SourceCall, fromPackage: string): SourceNode {
  const { sourceName, tableName, origin } = call;
  const wanted = `${sourceName}.${tableName}`;
  const node = meant(names, names.sources.get(wanted), fromPackage);
  if (node) return node;
  const said = `source("${sourceName}", "${tableName}")`;
  if (names.disabled.has(wanted)) {
    throw new ConfigError(`${said}: the source table is disabled`, { code: 'source_missing', origin });
  }
  const all = [...names.sources.values()].flat();
  const sourceNames = new Set(all.map((source) => source.sourceName));
  const tables = all.filter((source) => source.sourceName === sourceName);
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
