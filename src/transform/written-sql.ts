import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { aliasOf } from './manifest/test-alias.ts';
import type { AnalysisNode, TransformNode } from './manifest/transform-node.ts';
import type { Manifest } from './reading/manifest.ts';
import { withinFolder } from './reading/recorded-calls.ts';

/** Where dbt keeps the SQL of a node, below `compiled/` or `run/` of its target folder. */
export function writtenPath(manifest: Manifest, node: TransformNode | AnalysisNode): string {
  const original = withinFolder(node.origin.file, manifest.folders.get(node.packageName) ?? '');
  const isGeneric = node.kind === 'test' && node.body.sort !== 'singular';
  const file = isGeneric ? `${aliasOf(node)}.sql` : basename(original);
  const isOfYaml = /\.ya?ml$/.test(original) && !isGeneric;
  const own = isOfYaml ? join(original, `${node.name}.sql`) : isGeneric ? join(original, file) : original;
  return join(node.packageName, own).replaceAll('\\', '/');
}

/** Writes the SQL of a node into the target folder. */
export async function writeSql(
  targetFolder: string,
  part: 'compiled' | 'run',
  path: string,
  sql: string,
): Promise<void> {
  const file = join(targetFolder, part, path);
  try {
    await writeFile(file, sql);
  } catch {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, sql);
  }
}
