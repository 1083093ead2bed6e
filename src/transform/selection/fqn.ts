import type { ArtifactNode } from '../artifacts/artifact-node.ts';
import { fitsPattern, hasWildcard } from './name-pattern.ts';

/** Whether `name` (`orders`, `staging.*`, `shop.marts.orders`) names the node, with or without its package. */
export function fitsName({ fqn, version }: ArtifactNode, name: string): boolean {
  const isVersioned = version !== undefined && version !== null;
  return fitsFqn(fqn, name, isVersioned) || fitsFqn(fqn.slice(1), name, isVersioned);
}

function fitsFqn(fqn: readonly string[], name: string, isVersioned: boolean): boolean {
  const wanted = name.split('.');
  if (isVersioned) {
    if (fqn.at(-2) === name || fqn.slice(-2).join('_') === wanted.slice(-2).join('_')) return true;
  } else if (fqn.at(-1) === name) return true;
  const flat = fqn.flatMap((part) => part.split('.'));
  if (flat.length < wanted.length) return false;
  for (const [index, part] of wanted.entries()) {
    if (hasWildcard(part)) return fitsPattern(flat.slice(index).join('.'), wanted.slice(index).join('.'));
    if (flat[index] !== part) return false;
  }
  return true;
}
