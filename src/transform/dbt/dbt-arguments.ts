import type { RunArguments } from '../context/run-arguments.ts';
import type { TransformNode } from '../manifest/transform-node.ts';
import type { Manifest } from '../reading/manifest.ts';
import type { DbtSettings } from './dbt-settings.ts';

export interface DbtWork {
  readonly manifest: Manifest;
  readonly settings: DbtSettings;
  readonly profilesFolder: string;
  /** Profile and target to use; dbt's own choice when absent. */
  readonly profile: string | undefined;
  readonly target: string | undefined;
  readonly targetFolder: string;
  readonly given: RunArguments;
  readonly isFullRefresh: boolean;
  /** Ids of the nodes to build and test. */
  readonly ids: readonly string[];
}

/** The command line of `dbt build` for these nodes, and no others. */
export function dbtArguments(work: DbtWork): readonly string[] {
  const { settings, given } = work;
  const times = [
    ['--event-time-start', given.eventTimeStartMs],
    ['--event-time-end', given.eventTimeEndMs],
  ] as const;
  const vars = { ...settings.vars, ...given.vars };
  return [
    ...['--log-format', 'json', '--log-level', 'debug', '--no-use-colors'],
    'build',
    ...['--profiles-dir', work.profilesFolder],
    ...(work.profile === undefined ? [] : ['--profile', work.profile]),
    ...(work.target === undefined ? [] : ['--target', work.target]),
    ...['--target-path', work.targetFolder],
    ...(settings.threads === undefined ? [] : ['--threads', String(settings.threads)]),
    ...(Object.keys(vars).length === 0 ? [] : ['--vars', JSON.stringify(vars)]),
    ...(work.isFullRefresh ? ['--full-refresh'] : []),
    ...(given.isEmpty ? ['--empty'] : []),
    ...(given.storesFailures ? ['--store-failures'] : []),
    ...times.flatMap(([flag, atMs]) => (atMs === undefined ? [] : [flag, new Date(atMs).toISOString()])),
    ...selection(work.manifest, work.ids),
  ];
}

/** Nothing for everything, so that the command line of a large project stays short. */
function selection(manifest: Manifest, ids: readonly string[]): readonly string[] {
  const chosen = new Set(ids);
  const buildable = [...manifest.byId.values()].filter((node) => node.kind !== 'source');
  if (buildable.every((node) => chosen.has(node.uniqueId) || isEphemeral(node))) return [];
  const names = ids.flatMap((id) => {
    const node = manifest.byId.get(id);
    return node ? [`fqn:${node.fqn.join('.')},resource_type:${resourceType(node)}`] : [];
  });
  return ['--indirect-selection', 'empty', '--select', ...names];
}

function resourceType(node: TransformNode): string {
  return node.kind === 'test' && node.body.sort === 'unit' ? 'unit_test' : node.kind;
}

/** dbt builds none of these by themselves. */
export function isEphemeral(node: TransformNode): boolean {
  return node.kind === 'model' && node.config.materialized === 'ephemeral';
}
