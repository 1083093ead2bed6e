import type { Origin } from '../../core/origin.ts';
import type { Mistakes } from '../files/mistakes.ts';
import { didYouMean } from '../files/suggestion.ts';
import type { ConfigEntries } from '../manifest/config-layer.ts';
import type { AnalysisNode, RefNode, TestNode, TransformNode } from '../manifest/transform-node.ts';
import { dependenciesOf } from './manifest.ts';

const levels = ['private', 'protected', 'public'];

interface AccessRules {
  readonly groups: ReadonlySet<string>;
  /** Packages whose `restrict-access` is on. */
  readonly restricted: ReadonlySet<string>;
  readonly byId: ReadonlyMap<string, TransformNode>;
  readonly mistakes: Mistakes;
}

/** Adds a mistake for each group and access level that does not exist, and for each use of a model that its access forbids. */
export function checkAccess(nodes: readonly (TransformNode | AnalysisNode)[], rules: AccessRules): void {
  for (const node of nodes) {
    checkGroup(node, rules);
    for (const { uniqueId, origin } of dependenciesOf(node)) {
      const target = rules.byId.get(uniqueId);
      if (target?.kind === 'model') checkUse(node, target, origin, rules);
    }
  }
}

function checkGroup(node: TransformNode | AnalysisNode, { groups, mistakes }: AccessRules): void {
  const group = node.entries.get('group');
  if (typeof group?.value === 'string' && !groups.has(group.value)) {
    mistakes.add(`there is no group "${group.value}"${didYouMean(group.value, groups)}`, {
      code: 'group_missing',
      origin: group.origin,
      next: 'Declare it under "groups:" in a property file.',
    });
  }
  const access = node.entries.get('access');
  if (access && !levels.includes(String(access.value))) {
    mistakes.add(`"access" is ${levels.join(', ')}, not "${String(access.value)}"`, {
      code: 'config_invalid',
      origin: access.origin,
    });
  }
}

function checkUse(
  node: TransformNode | AnalysisNode,
  target: RefNode,
  origin: Origin,
  { restricted, mistakes, byId }: AccessRules,
): void {
  const access = textOf(target.entries, 'access') ?? 'protected';
  const group = textOf(target.entries, 'group');
  const isElsewhere = node.packageName !== target.packageName && restricted.has(target.packageName);
  if (access === 'private' && (groupOf(node, byId) !== group || isElsewhere)) {
    mistakes.add(
      `${node.name} reads ${target.name}, which is private to ${group === undefined ? 'no group' : `the group "${group}"`}`,
      {
        code: 'access_refused',
        origin,
        next:
          group === undefined
            ? 'Give the model a group, or another access.'
            : `Put ${node.name} into the group, or make ${target.name} protected.`,
      },
    );
  } else if (access === 'protected' && isElsewhere) {
    mistakes.add(
      `${node.name} reads ${target.name}, which the package ${target.packageName} protects from other packages`,
      { code: 'access_refused', origin },
    );
  }
}

/** A test belongs to the group of what it tests. */
function groupOf(
  node: TransformNode | AnalysisNode,
  byId: ReadonlyMap<string, TransformNode>,
): string | undefined {
  const tested = node.kind === 'test' ? testedId(node) : undefined;
  const owner = tested === undefined ? node : (byId.get(tested) ?? node);
  return textOf(owner.entries, 'group');
}

function testedId({ body }: TestNode): string | undefined {
  return body.sort === 'singular' ? undefined : body.model;
}

function textOf(entries: ConfigEntries, key: string): string | undefined {
  const value = entries.get(key)?.value;
  return typeof value === 'string' ? value : undefined;
}
