import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { FatalError } from '../core/errors.ts';
import { aliasOf } from './manifest/test-alias.ts';
import type { AnalysisNode, TransformNode } from './manifest/transform-node.ts';
import type { Manifest } from './reading/manifest.ts';
import { withinFolder } from './reading/recorded-calls.ts';

/** Where dbt keeps the SQL of a node, below `compiled/` or `run/` of its target folder; each dataset has a folder there. */
export function writtenPath(manifest: Manifest, node: TransformNode | AnalysisNode): string {
  const original = withinFolder(node.origin.file, manifest.folders.get(node.packageName) ?? '');
  const isGeneric = node.kind === 'test' && node.body.sort !== 'singular';
  const file = isGeneric ? `${aliasOf(node)}.sql` : basename(original);
  const isOfYaml = /\.ya?ml$/.test(original) && !isGeneric;
  const own = isOfYaml ? join(original, `${node.name}.sql`) : isGeneric ? join(original, file) : original;
  return join(node.packageName, node.dataset?.value ?? '', own).replaceAll('\\', '/');
}

const madeFolders = new Set<string>();

/** Writes the SQL of a node into the target folder. At once: many small files are written faster so than side by side. */
export function writeSql(targetFolder: string, part: 'compiled' | 'run', path: string, sql: string): void {
  const file = join(targetFolder, part, path);
  const folder = dirname(file);
  if (!madeFolders.has(folder)) mkdirSync(folder, { recursive: true });
  madeFolders.add(folder);
  try {
    writeFileSync(file, sql);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unwritable(file, error);
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, sql);
  }
}

function unwritable(file: string, cause: unknown): FatalError {
  return new FatalError(`${file} cannot be written (${(cause as NodeJS.ErrnoException).code})`, {
    code: 'target_unwritable',
    next: 'Make the folder writable, or name another one: --target-path',
    cause,
  });
}
