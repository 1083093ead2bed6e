import { join } from 'node:path';
import { ProjectError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import { yamlContext } from '../context/node-context.ts';
import type { MacroSet } from '../context/macro-set.ts';
import type { ProjectScope } from '../context/render-scope.ts';
import { projectVariables } from '../context/variables.ts';
import { type DbtProjectFile, shapeDbtProject } from '../files/dbt-project-file.ts';
import { createMistakes, type Mistakes } from '../files/mistakes.ts';
import { type ProjectFile, projectPath, readProjectFiles, readText } from '../files/project-files.ts';
import { parseYamlFile } from '../files/yaml-file.ts';
import { assembleManifest, isGenericTest, type ProjectContent } from './assembly.ts';
import { readDocs } from './docs-reader.ts';
import { readMacros } from './macro-reader.ts';
import type { Manifest } from './manifest.ts';
import { readProperties } from './property-reader.ts';
import { isLateInProject, renderYamlValues } from './rendered-yaml.ts';
import { reportUnsupportedFiles } from './unsupported-files.ts';

/** Where a dbt project lies and what it is built into. */
export interface TransformOptions {
  /** Absolute; origins are relative to it. */
  readonly projectFolder: string;
  /** Absolute folder that holds `dbt_project.yml`. */
  readonly folder: string;
  /** Name of the warehouse connection. */
  readonly connection: string;
  readonly dialectName: 'duckdb' | 'postgres';
  /**
   * The warehouse's own name of its database (what `select current_database()` says), first part of every
   * name in compiled SQL. Empty: names have two parts.
   */
  readonly database: string;
  /** dbt's target schema. */
  readonly schema: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Values that win over `vars:`. */
  readonly vars?: JsonObject;
  /** dbt's `target.name`; `dev` when absent. */
  readonly targetName?: string;
}

/** Reads a whole dbt project. Throws one ProjectError with everything that is wrong. */
export async function readManifest(options: TransformOptions): Promise<Manifest> {
  const mistakes = createMistakes();
  const bare = projectScope(options, 'project', options.vars ?? {}, { own: new Map(), builtin: new Map() });
  const projectFile = await readProjectFile(options, bare, mistakes);
  if (!projectFile) throw new ProjectError(mistakes.issues);
  await reportUnsupportedFiles(options.projectFolder, options.folder, projectFile, mistakes);
  const content = await readContent(options, projectFile);
  const variables = projectVariables(projectFile.name, projectFile.vars, options.vars ?? {});
  const macros = readMacros(
    [...content.macros, ...content.tests.filter((file) => isGenericTest(file))],
    options.dialectName,
    options.schema,
    mistakes,
  );
  const scope = projectScope(options, projectFile.name, variables, macros);
  const docs = readDocs(content.docs, mistakes);
  const properties = readProperties(content.properties, yamlContext(scope, docs), mistakes);
  const manifest = assembleManifest({ projectFile, scope, mistakes }, content, properties);
  if (mistakes.issues.length > 0) throw new ProjectError(mistakes.issues);
  return manifest;
}

async function readProjectFile(
  options: TransformOptions,
  scope: ProjectScope,
  mistakes: Mistakes,
): Promise<DbtProjectFile | undefined> {
  const path = join(options.folder, 'dbt_project.yml');
  const yaml = parseYamlFile(
    projectPath(options.projectFolder, path),
    await readText(options.projectFolder, path),
    mistakes,
  );
  if (!yaml) return undefined;
  return shapeDbtProject(
    yaml,
    renderYamlValues(yaml, yamlContext(scope), isLateInProject, mistakes),
    mistakes,
  );
}

async function readContent(options: TransformOptions, project: DbtProjectFile): Promise<ProjectContent> {
  const read = (paths: readonly string[], extensions: readonly string[]): Promise<readonly ProjectFile[]> =>
    readProjectFiles(options.projectFolder, options.folder, paths, extensions);
  const everywhere = [
    ...project.modelPaths,
    ...project.seedPaths,
    ...project.macroPaths,
    ...project.testPaths,
    ...project.docsPaths,
  ];
  return {
    models: await read(project.modelPaths, ['.sql']),
    seeds: await read(project.seedPaths, ['.csv']),
    macros: await read(project.macroPaths, ['.sql']),
    tests: await read(project.testPaths, ['.sql']),
    properties: await read(everywhere, ['.yml', '.yaml']),
    docs: await read(everywhere, ['.md']),
  };
}

function projectScope(
  options: TransformOptions,
  projectName: string,
  variables: Readonly<Record<string, unknown>>,
  macros: MacroSet,
): ProjectScope {
  return {
    projectName,
    dialectName: options.dialectName,
    databaseName: options.database,
    targetSchema: options.schema,
    target: {
      name: options.targetName ?? 'dev',
      type: options.dialectName,
      schema: options.schema,
      database: options.database,
      dbname: options.database,
      profile_name: projectName,
      threads: 4,
    },
    variables,
    environment: options.environment,
    macros,
  };
}
