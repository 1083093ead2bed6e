import { access } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readableIssues } from '../../config/zod-issues.ts';
import { ConfigError } from '../../core/errors.ts';
import type { ProjectDefinition } from './definitions.ts';
import { importUserModule } from './user-modules.ts';

export const configFileName = 'millrace.config.ts';

/** Walks up from `folder` to the nearest one that holds a project, as `git` does. */
export async function findProjectFolder(folder: string): Promise<string | undefined> {
  for (let candidate = folder; ; candidate = dirname(candidate)) {
    if (await exists(join(candidate, configFileName))) return candidate;
    if (candidate === dirname(candidate)) return undefined;
  }
}

/** Reads `millrace.config.ts`; without one, a project of that folder's name with defaults. */
export async function readConfigFile(projectFolder: string): Promise<ProjectDefinition> {
  const path = join(projectFolder, configFileName);
  if (!(await exists(path))) return { name: basename(projectFolder) };
  const { definitionSchema } = await import('./definition-schema.ts');
  const module = await importUserModule(path, projectFolder);
  const parsed = definitionSchema.safeParse(module['default']);
  if (parsed.success) return parsed.data;
  throw new ConfigError(
    module['default'] === undefined
      ? `${configFileName} has no default export`
      : readableIssues(parsed.error, definitionSchema),
    {
      code: 'config_invalid',
      origin: { file: configFileName },
      next: 'Write: export default defineProject({ name: ... })',
    },
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
