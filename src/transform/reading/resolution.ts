import { ConfigError } from '../../core/errors.ts';
import type { RefCall } from '../context/render-scope.ts';
import { didYouMean } from '../files/suggestion.ts';
import { type Home, isSameDataset } from '../manifest/dataset.ts';
import type { Dependency, RefNode, SourceNode } from '../manifest/transform-node.ts';
import { datasetNames, meant, type NodeNames } from './node-names.ts';
import type { RecordedCalls, SourceCall } from './recorded-calls.ts';

/** The nodes behind calls that a template of `home` made, each once. Throws nothing; every missing one is given to `report`. */
export function resolveCalls(
  names: NodeNames,
  calls: RecordedCalls,
  home: Home,
  report: (error: ConfigError) => void,
): readonly Dependency[] {
  const found = new Map<string, Dependency>();
  const add = (resolve: () => readonly (RefNode | SourceNode)[], origin: Dependency['origin']): void => {
    try {
      for (const { uniqueId } of resolve()) {
        if (!found.has(uniqueId)) found.set(uniqueId, { uniqueId, origin });
      }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      report(error);
    }
  };
  for (const call of calls.refs) add(() => resolveRefs(names, call, home), call.origin);
  for (const call of calls.sources) add(() => [resolveSource(names, call, home)], call.origin);
  return [...found.values()];
}

/** The nodes that a call means: one, or one for each dataset. Throws as `resolveRef`, and where `ref_all` names what has no datasets. */
export function resolveRefs(names: NodeNames, call: RefCall, home: Home): readonly RefNode[] {
  const { name, datasets, origin } = call;
  if (datasets !== 'all' && datasets !== 'any') return [resolveRef(names, call, home)];
  const repeated = candidatesOf(names, call).filter(({ dataset }) => dataset !== undefined);
  const [first] = repeated;
  const same = repeated.filter(
    ({ packageName, dataset }) =>
      packageName === first?.packageName && dataset?.dimension === first.dataset?.dimension,
  );
  if (same.length > 0) return same;
  const one = resolveRef(names, call, home);
  if (datasets === 'any') return [one];
  throw new ConfigError(`ref_all("${name}"): the ${one.kind} is built once, not for each dataset`, {
    code: 'datasets_missing',
    origin,
    next: `Write ref("${name}"), or add the folder of the ${one.kind} to datasets.yml.`,
  });
}

/** Throws a ConfigError `model_missing`, `package_missing` or `dataset_missing`. */
export function resolveRef(names: NodeNames, call: RefCall, home: Home): RefNode {
  const { name, packageName, origin, datasets } = call;
  if (packageName !== undefined && !names.packageNames.has(packageName)) {
    throw new ConfigError(
      `ref("${packageName}", "${name}"): there is no package "${packageName}"${didYouMean(packageName, names.packageNames)}`,
      { code: 'package_missing', origin, next: 'Name the package in packages.yml.' },
    );
  }
  const candidates = candidatesOf(names, call);
  const node =
    typeof datasets === 'object' && candidates.some(({ dataset }) => dataset !== undefined)
      ? candidates.find(({ dataset }) => isSameDataset(dataset, { ...datasets, vars: {} }))
      : meant(names, candidates, home);
  if (node) return node;
  throw candidates.length > 0 ? wrongDataset(call, candidates) : missingRef(names, call);
}

/** What has the name, in the package and version that the call wants. */
function candidatesOf(names: NodeNames, { name, packageName, version }: RefCall): readonly RefNode[] {
  const named = ofVersion(names.refs.get(name) ?? [], version);
  return packageName === undefined ? named : named.filter((node) => node.packageName === packageName);
}

/** What has the name is only built for datasets that are not the caller's. */
function wrongDataset({ name, origin, datasets }: RefCall, candidates: readonly RefNode[]): ConfigError {
  const [first] = candidates;
  const dimension = first?.dataset?.dimension ?? 'dataset';
  const known = datasetNames(candidates);
  if (typeof datasets === 'object') {
    return new ConfigError(
      `ref("${name}", ${datasets.dimension}="${datasets.value}"): the ${first?.kind} is built for each ${dimension} (${known})`,
      { code: 'dataset_missing', origin },
    );
  }
  return new ConfigError(`ref("${name}"): the ${first?.kind} is built for each ${dimension} (${known})`, {
    code: 'dataset_missing',
    origin,
    next: `Write ref_all("${name}") for all of them, ref("${name}", ${dimension}="...") for one.`,
  });
}

function missingRef(names: NodeNames, { name, version, origin }: RefCall): ConfigError {
  const named = names.refs.get(name);
  if (names.disabled.has(name)) {
    return new ConfigError(`ref("${name}"): the model is disabled`, {
      code: 'model_missing',
      origin,
      next: 'Enable it, or disable what reads it too.',
    });
  }
  if (named !== undefined && named.length > 0) {
    const known = named.map((other) => (other.kind === 'model' ? other.version : undefined));
    return new ConfigError(
      `ref("${name}", v=${version}): the model has no such version; there are ${known.filter((v) => v !== undefined).join(', ') || 'none'}`,
      { code: 'model_missing', origin },
    );
  }
  return new ConfigError(
    `ref("${name}"): there is no such model or seed${didYouMean(name, names.refs.keys())}`,
    { code: 'model_missing', origin },
  );
}

/** Those of the wanted version; without one, the latest. */
function ofVersion(candidates: readonly RefNode[], version: RefCall['version']): readonly RefNode[] {
  return candidates.filter((node) => {
    if (node.kind !== 'model' || node.version === undefined) return version === undefined;
    return String(node.version) === String(version ?? node.latestVersion);
  });
}

/** Throws a ConfigError `source_missing`. */
export function resolveSource(names: NodeNames, call: SourceCall, home: Home): SourceNode {
  const { sourceName, tableName, origin } = call;
  const wanted = `${sourceName}.${tableName}`;
  const candidates = names.sources.get(wanted) ?? [];
  const node = meant(names, candidates, home);
  if (node) return node;
  const said = `source("${sourceName}", "${tableName}")`;
  if (names.disabled.has(wanted)) {
    throw new ConfigError(`${said}: the source table is disabled`, { code: 'source_missing', origin });
  }
  if (candidates.length > 0) {
    throw new ConfigError(
      `${said}: the table is another for each ${candidates[0]?.dataset?.dimension} (${datasetNames(candidates)})`,
      {
        code: 'dataset_missing',
        origin,
        next: 'Read it in a model that is built for each, and that with ref_all().',
      },
    );
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
