import { join } from 'node:path';
import { ProjectError } from '../core/errors.ts';
import { yamlContext } from './context/node-context.ts';
import { createMistakes } from './files/mistakes.ts';
import { projectPath, readTextIfThere } from './files/project-files.ts';
import { parseYamlFile } from './files/yaml-file.ts';
import type { TransformProject } from './project.ts';
import { renderYamlValues } from './reading/rendered-yaml.ts';
import type { IndirectSelection } from './selection/criterion.ts';
import { type NamedSelector, readSelectors } from './selection/selector-file.ts';

/** The selections that `selectors.yml` of the project names; none when there is no such file. */
export async function readProjectSelectors(
  project: TransformProject,
  indirect: IndirectSelection,
): Promise<readonly NamedSelector[]> {
  const path = join(project.folder, 'selectors.yml');
  const text = await readTextIfThere(project.folder, path);
  if (text === undefined) return [];
  const mistakes = createMistakes();
  const yaml = parseYamlFile(projectPath(project.folder, path), text, mistakes);
  const value = yaml && renderYamlValues(yaml, yamlContext(project.manifest.scope), () => false, mistakes);
  const selectors = yaml ? readSelectors(yaml, value, indirect, mistakes) : [];
  if (mistakes.issues.length > 0) throw new ProjectError(mistakes.issues);
  return selectors;
}
