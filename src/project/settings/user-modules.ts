import { statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { ConfigError } from '../../core/errors.ts';

/** Files of users that were imported, with the time of their change then. */
const imported = new Map<string, number>();

/** Counts the readings between which some of them have changed: a file is another module in each. */
let generation = 0;
let isHooked = false;

/**
 * Imports a TypeScript or JavaScript file of the user's project. `import ... from 'millrace'` finds
 * this very Millrace, so that a project needs no node_modules of its own.
 * @throws ConfigError naming the file, and the line where JavaScript tells one
 */
export async function importUserModule(
  path: string,
  projectFolder: string,
): Promise<Record<string, unknown>> {
  hookImports();
  const url = inGeneration(pathToFileURL(path).href);
  try {
    return (await import(url)) as Record<string, unknown>;
  } catch (error) {
    const file = relative(projectFolder, path).split(sep).join('/');
    const line = lineInStack(error, path);
    throw new ConfigError(`cannot be loaded: ${error instanceof Error ? error.message : String(error)}`, {
      code: 'module_invalid',
      origin: { file, ...(line === undefined ? {} : { line }) },
      cause: error,
    });
  }
}

/** Call it before a project is read: what has changed since is then imported anew, with all that imports it. */
export function forgetChangedModules(): void {
  for (const [path, changedAtMs] of imported) {
    if (changedAt(path) === changedAtMs) continue;
    generation += 1;
    imported.clear();
    return;
  }
}

function hookImports(): void {
  if (isHooked) return;
  isHooked = true;
  const own = new Map([
    ['millrace', new URL('../../index.ts', import.meta.url).href],
    ['millrace/connector', new URL('../../connector/index.ts', import.meta.url).href],
    ['millrace/testing', new URL('../../testing/index.ts', import.meta.url).href],
  ]);
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  registerHooks({
    resolve: (specifier, context, next) => {
      const found = own.get(specifier);
      if (found) return { url: found.replace(/\.ts$/, extension), shortCircuit: true };
      const resolved = next(specifier, context);
      return isOfUser(context.parentURL) && isFileOfUser(resolved.url)
        ? { ...resolved, url: inGeneration(resolved.url) }
        : resolved;
    },
  });
}

function inGeneration(url: string): string {
  const path = fileURLToPath(url);
  if (!imported.has(path)) imported.set(path, changedAt(path));
  return `${url}?generation=${generation}`;
}

function isOfUser(url: string | undefined): boolean {
  return url?.includes('?generation=') === true;
}

/** Packages are not read anew. */
function isFileOfUser(url: string): boolean {
  return url.startsWith('file:') && !url.includes('/node_modules/') && !url.includes('?');
}

/** 0 for a file that is not there. */
function changedAt(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function lineInStack(error: unknown, path: string): number | undefined {
  if (!(error instanceof Error) || !error.stack) return undefined;
  const found = new RegExp(String.raw`${RegExp.escape(path)}(?:\?generation=\d+)?:(\d+)`).exec(error.stack);
  return found?.[1] === undefined ? undefined : Number(found[1]);
}
