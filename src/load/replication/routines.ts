import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Environment } from '../../config/environment.ts';
import { readYaml } from '../../config/yaml-file.ts';
import { ConfigError } from '../../core/errors.ts';
import { nearest } from '../../core/near-name.ts';
import type { Origin } from '../../core/origin.ts';
import { expandStrings } from './expand-strings.ts';
import { isRoutine } from './hook-spelling.ts';

/** Folder of the files with `routines:`, from where the process works. */
const folderVariable = 'SLING_ROUTINES_DIR';

const routinesSchema = z.strictObject({ routines: z.record(z.string(), z.array(z.unknown()).min(1)) });
/** Other files, such as pipelines, may lie in the folder. */
const hasRoutines = /^routines\s*:/m;

interface Routine {
  readonly file: string;
  readonly steps: readonly unknown[];
  /** Named by a comment above the routine, as the format has it. */
  readonly required: readonly string[];
}

/**
 * Lists of hooks as they are written, each hook of type `routine` with the steps that its name stands for.
 * @throws ConfigError for a routine that is not there, runs itself or lacks what it requires
 */
export function withRoutines(
  written: unknown,
  environment: Environment,
  origin: Origin,
  within: readonly string[] = [],
): unknown {
  if (Array.isArray(written)) return written.map((hook) => withRoutines(hook, environment, origin, within));
  if (written === null || typeof written !== 'object') return written;
  const hook = written as Readonly<Record<string, unknown>>;
  if (isRoutine(hook)) return { ...hook, steps: stepsOf(hook, environment, origin, within) };
  return Object.fromEntries(
    Object.entries(hook).map(([key, value]) => [
      key,
      Array.isArray(value) && (key === 'steps' || hook['type'] === undefined)
        ? withRoutines(value, environment, origin, within)
        : value,
    ]),
  );
}

function stepsOf(
  { routine: name, params, steps }: Readonly<Record<string, unknown>>,
  environment: Environment,
  origin: Origin,
  within: readonly string[],
): unknown {
  if (typeof name !== 'string' || steps !== undefined) {
    throw new ConfigError('a hook of type routine has the name of a routine, and no steps', {
      code: 'invalid_value',
      origin,
      next: 'Write { type: routine, routine: name, params: { key: value } }',
    });
  }
  if (within.includes(name)) {
    throw new ConfigError(`the routine '${name}' runs itself`, { code: 'routine_circle', origin });
  }
  const routine = findRoutine(name, environment, origin);
  const missing = routine.required.filter((key) => !Object.hasOwn(params ?? {}, key));
  if (missing.length > 0) {
    throw new ConfigError(`the routine '${name}' requires the params ${missing.join(', ')}`, {
      code: 'params_missing',
      origin,
      next: `Give them: params: { ${missing.map((key) => `${key}: ...`).join(', ')} }`,
    });
  }
  return withRoutines(routine.steps, environment, { file: routine.file }, [...within, name]);
}

function findRoutine(name: string, environment: Environment, origin: Origin): Routine {
  const folder = environment[folderVariable];
  if (folder === undefined || folder === '') {
    throw new ConfigError(`the routine '${name}' is not known, as ${folderVariable} is not set`, {
      code: 'routine_missing',
      origin,
      next: `Set ${folderVariable} to the folder of the files with routines:`,
    });
  }
  const known = readRoutines(folder, environment, origin);
  const found = known.get(name);
  if (found) return found;
  const near = nearest(name, [...known.keys()]);
  throw new ConfigError(
    `there is no routine '${name}' in ${folder}${near ? `, did you mean '${near}'?` : ''}`,
    {
      code: 'routine_missing',
      origin,
      next: `Routines: ${[...known.keys()].join(', ')}`,
    },
  );
}

function readRoutines(
  folder: string,
  environment: Environment,
  origin: Origin,
): ReadonlyMap<string, Routine> {
  const routines = new Map<string, Routine>();
  for (const file of yamlFiles(folder, origin)) {
    const text = readFileSync(file, 'utf8');
    if (!hasRoutines.test(text)) continue;
    const yaml = readYaml(text, file, routinesSchema);
    for (const name of Object.keys(yaml.value.routines)) {
      const path = ['routines', name];
      if (routines.has(name)) {
        throw new ConfigError(`the routine '${name}' is also in ${routines.get(name)?.file}`, {
          code: 'routine_ambiguous',
          origin: yaml.originOfKey(path),
          next: 'Rename one of them',
        });
      }
      const steps = expandStrings(yaml.value.routines[name], path, environment, yaml) as readonly unknown[];
      routines.set(name, { file, steps, required: requiredParams(text, yaml.originOfKey(path).line ?? 1) });
    }
  }
  return routines;
}

function yamlFiles(folder: string, origin: Origin): readonly string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /\.ya?ml$/.test(name))
      .toSorted()
      .map((name) => join(folder, name));
  } catch {
    throw new ConfigError(`the folder ${folder} of ${folderVariable} cannot be read`, {
      code: 'folder_missing',
      origin,
      next: `Correct ${folderVariable}`,
    });
  }
}

/** `# required_params: [table, connection]` in the line above the name of the routine. */
function requiredParams(text: string, line: number): readonly string[] {
  const above = text.split('\n')[line - 2] ?? '';
  const list = /^\s*#\s*required_params:\s*\[([^\]]*)\]/.exec(above)?.[1] ?? '';
  return list
    .split(',')
    .map((name) => name.trim().replace(/^(['"])(.*)\1$/, '$2'))
    .filter((name) => name !== '');
}
