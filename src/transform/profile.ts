import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { ConfigError, ProjectError } from '../core/errors.ts';
import { profileContext } from './context/node-context.ts';
import { createMistakes } from './files/mistakes.ts';
import { chooseTarget, type ProfileTarget } from './files/profiles-file.ts';
import { projectPath, readText } from './files/project-files.ts';
import { parseYamlFile } from './files/yaml-file.ts';
import { parseTemplate, renderNativeSync, TemplateError, toJs } from './jinja/index.ts';
import { access } from 'node:fs/promises';
import { isTemplate } from './reading/rendered-yaml.ts';
import { readProjectFile } from './reading/package-reader.ts';
import { yamlContextOf } from './reading/project-scope.ts';
import type { DbtProjectFile } from './files/dbt-project-file.ts';

const profilesFileName = 'profiles.yml';

/** Where a dbt project by itself lies, and what was said of its profile. */
export interface ProfileRequest {
  /** Absolute folder of `dbt_project.yml`. */
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly vars: Readonly<Record<string, unknown>>;
  readonly profilesFolder?: string | undefined;
  readonly profile?: string | undefined;
  readonly target?: string | undefined;
}

export interface FoundProfile {
  readonly projectFile: DbtProjectFile;
  /** Absolute folder of the `profiles.yml`. */
  readonly folder: string;
  readonly target: ProfileTarget;
}

/**
 * The profile that a dbt project names, from `profiles.yml`: of the folder that is said, of the project, or of `~/.dbt`.
 * Throws a ProjectError, or a ConfigError `profiles_missing`, `profile_missing` or `target_missing`.
 */
export async function readProfile(request: ProfileRequest): Promise<FoundProfile> {
  const { folder, environment } = request;
  const mistakes = createMistakes();
  const context = yamlContextOf({ environment, vars: request.vars });
  const projectFile = await readProjectFile(folder, folder, context, mistakes);
  if (!projectFile) throw new ProjectError(mistakes.issues);
  const profile = request.profile ?? projectFile.profile;
  if (profile === undefined) {
    throw new ConfigError('dbt_project.yml names no profile', {
      code: 'profile_missing',
      origin: { file: projectFile.yaml.file },
      next: 'Add "profile: name", or say --profile.',
    });
  }
  const profiles = await profilesFolder(request);
  const path = join(profiles, profilesFileName);
  const yaml = parseYamlFile(projectPath(folder, path), await readText(folder, path), mistakes);
  const rendering = profileContext(environment, request.vars);
  const target = yaml
    ? chooseTarget(
        yaml,
        { profile, target: request.target },
        (text, at) => {
          if (!isTemplate(text)) return text;
          try {
            return toJs(renderNativeSync(parseTemplate(text, yaml.file), rendering));
          } catch (error) {
            if (!(error instanceof TemplateError)) throw error;
            throw new ConfigError(error.summary, { code: error.code, origin: yaml.locate(at) });
          }
        },
        mistakes,
      )
    : undefined;
  if (!target || mistakes.issues.length > 0) throw new ProjectError(mistakes.issues);
  return { projectFile, folder: profiles, target };
}

async function profilesFolder({
  folder,
  environment,
  profilesFolder: said,
}: ProfileRequest): Promise<string> {
  const given = said ?? environment['DBT_PROFILES_DIR'];
  const candidates = given === undefined ? [folder, join(homedir(), '.dbt')] : [resolve(given)];
  for (const candidate of candidates) {
    const isThere = await access(join(candidate, profilesFileName)).then(
      () => true,
      () => false,
    );
    if (isThere) return candidate;
  }
  throw new ConfigError(`there is no ${profilesFileName} in ${candidates.join(' or ')}`, {
    code: 'profiles_missing',
    next: 'Write one, or say where it is: --profiles-dir',
  });
}
