import { join } from 'node:path';
import { ProjectError } from '../../core/errors.ts';
import { builtinMacros } from '../builtin/index.ts';
import type { JsonObject } from '../../core/json.ts';
import { yamlContext } from '../context/node-context.ts';
import type { Macros, MacroSet } from '../context/macro-set.ts';
import type { ProjectScope } from '../context/render-scope.ts';
import { packageVariables } from '../context/variables.ts';
import type { DbtProjectFile } from '../files/dbt-project-file.ts';
import type { Quoting } from '../files/quoting.ts';
import { projectPath } from '../files/project-files.ts';
import { fromJs, type RenderContext, type Value } from '../jinja/index.ts';
import { toJsonValue } from '../files/plain-value.ts';
import { createMistakes, type Mistakes } from '../files/mistakes.ts';
import { assembleManifest, type ReadPackage } from './assembly.ts';
import { readDocs } from './docs-reader.ts';
import { readMacros } from './macro-reader.ts';
import type { Manifest } from './manifest.ts';
import { packageFolders } from './package-folders.ts';
import { isGenericTest, type PackageFiles, readContent, readProjectFile } from './package-reader.ts';
import { readProperties } from './property-reader.ts';
import { reportUnsupportedFiles } from './unsupported-files.ts';

/** A statement, and those that make it possible when it fails at first. */
export interface OpeningStatement {
  readonly sql: string;
  readonly before?: readonly string[];
}

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
  /** dbt's `target.profile_name`; the project's name when absent. */
  readonly profileName?: string;
  /** dbt's `target.threads`; 4 when absent. */
  readonly threads?: number;
  /** More keys of `target`, such as `user` and `host`; nothing secret. */
  readonly targetValues?: JsonObject;
  /** Whether tests keep their failing rows where they do not say so themselves. */
  readonly storesFailures?: boolean;
  /** Whether what dbt reads over (names and keys that nobody knows, tests of what is not there) is a warning. */
  readonly toleratesUndefined?: boolean;
  /** Names of other databases that sources may lie in. */
  readonly attachedDatabases?: readonly string[];
  /** What opens the warehouse. */
  readonly openingStatements?: readonly OpeningStatement[];
}

/** Reads a whole dbt project with its packages. Throws one ProjectError with everything that is wrong. */
export async function readManifest(options: TransformOptions): Promise<Manifest> {
  const mistakes = createMistakes(options.toleratesUndefined);
  const packages = await readPackageFiles(options, mistakes);
  const [root] = packages;
  if (!root) throw new ProjectError(mistakes.issues);
  const macros = new Map(
    packages.map(({ content, projectFile }): [string, Macros] => {
      const files = [...content.macros, ...content.tests.filter((file) => isGenericTest(file))];
      return [projectFile.name, readMacros(files, projectFile === root.projectFile, mistakes)];
    }),
  );
  const packageVersions = Object.fromEntries(
    packages.map(({ projectFile }) => [projectFile.name, projectFile.version ?? '']),
  );
  const builtin = builtinMacros(options.dialectName, options.schema);
  const scopeOf = ({ projectFile }: PackageFiles): ProjectScope =>
    projectScope(
      options,
      root.projectFile.name,
      packageVariables(root.projectFile, projectFile, options.vars ?? {}),
      {
        local: projectFile.name,
        root: root.projectFile.name,
        adapterType: options.dialectName,
        packages: macros,
        builtin,
        searchOrders: root.projectFile.dispatch,
      },
      { quoting: root.projectFile.quoting, packageVersions },
    );
  const blocks = packages.flatMap(({ content, projectFile }) =>
    readDocs(projectFile.name, content.docs, mistakes),
  );
  const docs = new Map(blocks.toReversed().map(({ name, text }) => [name, text]));
  const read = packages.map((files): ReadPackage => {
    const scope = scopeOf(files);
    return {
      room: {
        projectFile: files.projectFile,
        folder: projectPath(options.projectFolder, files.folder),
        rootFile: files === root ? undefined : root.projectFile,
        scope,
        mistakes,
      },
      content: files.content,
      properties: readProperties(files.content.properties, yamlContext(scope, docs), mistakes),
    };
  });
  const manifest = assembleManifest(read, blocks, mistakes);
  if (mistakes.issues.length > 0) throw new ProjectError(mistakes.issues);
  return manifest;
}

/** The project itself first; empty when its `dbt_project.yml` cannot be read. */
async function readPackageFiles(
  options: TransformOptions,
  mistakes: Mistakes,
): Promise<readonly PackageFiles[]> {
  const { projectFolder, folder } = options;
  const context = yamlContext(bareScope(options));
  const projectFile = await readProjectFile(projectFolder, folder, context, mistakes);
  if (!projectFile) return [];
  const folders = await packageFolders({
    projectFolder,
    dbtFolder: folder,
    installFolder: join(folder, projectFile.packagesPath),
    context,
    mistakes,
  });
  const found: PackageFiles[] = [];
  for (const at of [folder, ...folders]) {
    const file = at === folder ? projectFile : await readProjectFile(projectFolder, at, context, mistakes);
    if (!file || isNameTaken(found, file, mistakes)) continue;
    await reportUnsupportedFiles(projectFolder, at, file, mistakes);
    found.push({ folder: at, projectFile: file, content: await readContent(projectFolder, at, file) });
  }
  return found;
}

function isNameTaken(found: readonly PackageFiles[], file: DbtProjectFile, mistakes: Mistakes): boolean {
  const same = found.find(({ projectFile }) => projectFile.name === file.name);
  if (!same) return false;
  mistakes.add(`two packages are named "${file.name}"; the other is ${same.projectFile.yaml.file}`, {
    code: 'package_twice',
    origin: file.yaml.locate(['name']),
    next: 'Remove one of the two folders.',
  });
  return true;
}

/** What YAML files of a project may use that is not read yet. */
export function yamlContextOf(
  given: Pick<TransformOptions, 'environment'> & { readonly vars?: Readonly<Record<string, unknown>> },
): RenderContext {
  const options = { projectFolder: '', folder: '', connection: '', database: '', schema: '' };
  return yamlContext(
    bareScope({
      ...options,
      ...given,
      vars: toJsonValue(given.vars ?? {}) as JsonObject,
      dialectName: 'duckdb',
    }),
  );
}

/** What `dbt_project.yml` itself may use: no macros, only variables that were given from outside. */
function bareScope(options: TransformOptions): ProjectScope {
  return projectScope(options, 'project', options.vars ?? {}, {
    local: 'project',
    root: 'project',
    adapterType: options.dialectName,
    packages: new Map(),
    builtin: new Map(),
    searchOrders: new Map(),
  });
}

function projectScope(
  options: TransformOptions,
  projectName: string,
  variables: Readonly<Record<string, unknown>>,
  macros: MacroSet,
  {
    quoting = {},
    packageVersions = {},
  }: { readonly quoting?: Quoting; readonly packageVersions?: Readonly<Record<string, string>> } = {},
): ProjectScope {
  return {
    projectName,
    dialectName: options.dialectName,
    databaseName: options.database,
    targetSchema: options.schema,
    quoting,
    target: {
      name: options.targetName ?? 'dev',
      type: options.dialectName,
      schema: options.schema,
      database: options.database,
      dbname: options.database,
      profile_name: options.profileName ?? projectName,
      threads: options.threads ?? 4,
      ...(fromJs(options.targetValues ?? {}) as Record<string, Value>),
    },
    variables,
    environment: options.environment,
    storesFailures: options.storesFailures ?? false,
    attachedDatabases: options.attachedDatabases ?? [],
    toleratesUndefined: options.toleratesUndefined ?? false,
    packageVersions,
    macros,
  };
}
