import { globSync } from 'node:fs';
import type { ArtifactNode } from '../artifacts/artifact-node.ts';

/** A test for nodes in a file, or under a folder, that the glob names; relative to the dbt project. */
export function fitsPath(root: string, glob: string): (node: ArtifactNode) => boolean {
  const pattern = glob.replace(/^\.\//, '').replace(/\/+$/, '');
  const paths = new Set(
    globSync(pattern, { cwd: root }).map((path) => path.replaceAll('\\', '/').replace(/\/$/, '')),
  );
  return (node) => {
    if (foldersAndFile(node.original_file_path).some((path) => paths.has(path))) return true;
    const described = node.patch_path?.split('://')[1];
    return described !== undefined && paths.has(described);
  };
}

function foldersAndFile(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}
