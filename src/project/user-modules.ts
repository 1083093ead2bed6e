import { stat } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigError } from '../core/errors.ts';

let hooked = false;

/**
 * Imports a TypeScript or JavaScript file of the user's project. `import ... from 'millrace'` finds
 * this very Millrace, so that a project needs no node_modules of its own.
 * @throws ConfigError naming the file, and the line where JavaScript tells one
 */
export async function importUserModule(
  path: string,
  projectFolder: string,
): Promise<Record<string, unknown>> {
  if (!hooked) {
    hooked = true;
    const own = new Map([
      ['millrace', new URL('../index.ts', import.meta.url).href],
      ['millrace/connector', new URL('../connector/index.ts', import.meta.url).href],
      ['millrace/testing', new URL('../testing/index.ts', import.meta.url).href],
    ]);
    const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
    registerHooks({
      resolve: (specifier, context, next) => {
        const found = own.get(specifier);
        return found
          ? { url: found.replace(/\.ts$/, extension), shortCircuit: true }
          : next(specifier, context);
      },
    });
  }
  try {
    // A changed file is another module, so that it can be read anew.
    const { mtimeMs } = await stat(path);
    return (await import(`${pathToFileURL(path).href}?changed=${mtimeMs}`)) as Record<string, unknown>;
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

function lineInStack(error: unknown, path: string): number | undefined {
  if (!(error instanceof Error) || !error.stack) return undefined;
  const found = new RegExp(`${RegExp.escape(path)}:(\\d+)`).exec(error.stack);
  return found?.[1] === undefined ? undefined : Number(found[1]);
}
