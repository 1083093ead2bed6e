import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../../config/environment.ts';
import { ConfigError } from '../../core/errors.ts';
import { pipelineLine, readPipeline, readReplication, selectStreams } from '../../load/index.ts';
import type { Project } from '../../project/reading/project.ts';
import { replicationProject } from '../../project/reading/read-project.ts';
import { names, type RunCommandOptions, streamKeys } from './run-options.ts';
import { textOf } from './text-of-file.ts';

/** A project of all replications and pipelines in a folder, those below it too. */
export async function directoryProject(
  folder: string,
  environment: Environment,
  directory: string,
  options: RunCommandOptions,
): Promise<Project> {
  const files = await yamlFiles(directory);
  const texts = await Promise.all(files.map(async (file) => ({ file, text: await textOf(file) })));
  const isPipeline = ({ text }: { readonly text: string }): boolean => pipelineLine(text) !== undefined;
  const streams = options.streams === undefined ? [] : names(options.streams);
  return replicationProject(
    folder,
    environment,
    (all) =>
      texts
        .filter((one) => !isPipeline(one))
        .map(({ file, text }) =>
          selectStreams(readReplication(text, file, all, folder, streamKeys(options)), streams),
        ),
    process.cwd(),
    (all) => texts.filter(isPipeline).map(({ file, text }) => readPipeline(text, file, all)),
  );
}

export async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

async function yamlFiles(directory: string): Promise<readonly string[]> {
  const found = await readdir(directory, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`the folder ${directory} cannot be read (${error.code})`, {
      code: 'file_unreadable',
    });
  });
  const files = found.filter((name) => /\.ya?ml$/.test(name)).sort();
  if (files.length > 0) return files.map((name) => join(directory, name));
  throw new ConfigError(`there is no replication in ${directory}`, {
    code: 'file_missing',
    next: 'Name a folder that holds .yaml files with source:, target: and streams:',
  });
}
