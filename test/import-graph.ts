import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path/posix';

/** One import statement: both ends are paths from the repository's root. */
export interface Import {
  readonly from: string;
  /** A file of ours, or a package's name. */
  readonly to: string;
  readonly isPackage: boolean;
}

const statement =
  /(?:^|\n)\s*(?:import|export)\s+(?:type\s+)?(?:[\w*{][^;'"]*?\sfrom\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

/** Every import of every file that `pattern` matches; tests and what only they use are left out. */
export async function readImports(pattern: string): Promise<readonly Import[]> {
  const files = await Array.fromAsync(glob(pattern));
  return files
    .filter((file) => !/\.(test|fixture)\.ts$/.test(file))
    .sort()
    .flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(statement)].map((match) => {
        const target = match[1] ?? match[2] ?? '';
        const isPackage = !target.startsWith('.');
        return { from: file, to: isPackage ? target : normalize(join(dirname(file), target)), isPackage };
      }),
    );
}

/** A circle of folders that import each other, as a path that ends where it began; or undefined. */
export function findFolderCircle(imports: readonly Import[]): readonly string[] | undefined {
  const targets = new Map<string, Set<string>>();
  for (const { from, to, isPackage } of imports) {
    if (isPackage || dirname(from) === dirname(to)) continue;
    const known = targets.get(dirname(from)) ?? new Set();
    targets.set(dirname(from), known.add(dirname(to)));
  }
  const done = new Set<string>();
  const visit = (folder: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(folder)) return [...path.slice(path.indexOf(folder)), folder];
    if (done.has(folder)) return undefined;
    for (const next of targets.get(folder) ?? []) {
      const circle = visit(next, [...path, folder]);
      if (circle) return circle;
    }
    done.add(folder);
    return undefined;
  };
  for (const folder of targets.keys()) {
    const circle = visit(folder, []);
    if (circle) return circle;
  }
  return undefined;
}
