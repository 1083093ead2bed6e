import type { ArtifactNode, ManifestArtifact } from '../artifacts/artifact-node.ts';

/** A test for nodes that call, however indirectly, a macro whose text is not what it was. */
export function changedMacroTest(
  manifest: ManifestArtifact,
  before: ManifestArtifact,
): (node: ArtifactNode) => boolean {
  const isChanged = (id: string): boolean => {
    const macro = manifest.macros[id];
    // What is built into Millrace changes with Millrace, not with the project.
    if (macro?.['package_name'] === 'dbt') return false;
    return macro?.macro_sql.trim() !== before.macros[id]?.macro_sql.trim();
  };
  const known = new Map<string, boolean>();
  const isTouched = (id: string): boolean => {
    const found = known.get(id);
    if (found !== undefined) return found;
    known.set(id, false);
    const touched = isChanged(id) || (manifest.macros[id]?.depends_on.macros ?? []).some(isTouched);
    known.set(id, touched);
    return touched;
  };
  return (node) => (node.depends_on?.macros ?? []).some(isTouched);
}
