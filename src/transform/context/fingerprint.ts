import { createHash } from 'node:crypto';
import type { MacroSet, ProjectMacro } from './macro-set.ts';

type MacroIndex = ReadonlyMap<string, readonly ProjectMacro[]>;

const indexes = new WeakMap<MacroSet['packages'], MacroIndex>();
const mentioned = new WeakMap<ProjectMacro, readonly ProjectMacro[]>();

/**
 * Hash of `text` and of every macro that it may call, whatever the path. Names are compared as words, so a word that
 * only looks like a macro's name counts too: the fingerprint may change for nothing, but never stays by mistake.
 */
export function fingerprint(text: string, macros: MacroSet): string {
  const index = indexOf(macros.packages);
  const used = new Set<ProjectMacro>();
  const waiting = [...mentionsOf(text, index)];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (used.has(next)) continue;
    used.add(next);
    let further = mentioned.get(next);
    if (!further) mentioned.set(next, (further = mentionsOf(next.text, index)));
    waiting.push(...further);
  }
  const hash = createHash('sha256').update(text);
  for (const macro of [...used].sort(byPlace)) hash.update(`\0${placeOf(macro)}\0${macro.text}`);
  return hash.digest('hex');
}

function mentionsOf(text: string, index: MacroIndex): readonly ProjectMacro[] {
  const words = new Set([...text.matchAll(/[A-Za-z_]\w*/g)].map(([word]) => word));
  return [...words].flatMap((word) => index.get(word) ?? []);
}

/** By name without an adapter's prefix, as `adapter.dispatch` and `builtin` names are written. */
function indexOf(packages: MacroSet['packages']): MacroIndex {
  const known = indexes.get(packages);
  if (known) return known;
  const index = new Map<string, ProjectMacro[]>();
  for (const macros of packages.values()) {
    for (const [name, macro] of macros) {
      for (const key of new Set([name, name.replace(/^[a-z]+__/, '')])) {
        index.set(key, [...(index.get(key) ?? []), macro]);
      }
    }
  }
  indexes.set(packages, index);
  return index;
}

function placeOf({ origin }: ProjectMacro): string {
  return `${origin.file}:${origin.line ?? 0}:${origin.column ?? 0}`;
}

function byPlace(left: ProjectMacro, right: ProjectMacro): number {
  return placeOf(left) < placeOf(right) ? -1 : 1;
}
