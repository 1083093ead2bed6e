import { access, readFile } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import { ConfigError } from '../../core/errors.ts';
import type { Plan } from '../../core/plan.ts';
import { makePlan } from '../../engine/index.ts';
import { readReplication, selectStreams, singleStreamReplication } from '../../load/index.ts';
import { findProjectFolder } from '../../project/config-file.ts';
import { connectionsFileName } from '../../project/connections-file.ts';
import type { Project } from '../../project/project.ts';
import { readProject, replicationProject } from '../../project/read-project.ts';
import { loadLedger, projectLedger } from '../../project/session.ts';
import type { Place } from './open-project.ts';

export interface RunCommandOptions extends Place {
  readonly selection: string;
  readonly exclude?: string;
  readonly fullRefresh?: boolean;
  readonly replication?: string;
  readonly streams?: string;
  readonly srcConn?: string;
  readonly srcStream?: string;
  readonly tgtConn?: string;
  readonly tgtObject?: string;
  readonly mode?: string;
  readonly select?: string;
  readonly where?: string;
  readonly primaryKey?: string;
  readonly updateKey?: string;
  readonly limit?: number;
  readonly json?: boolean;
}

/** What is to be run: a project, a part of it, and the ledger that remembers it. */
export interface RunTarget {
  readonly project: Project;
  readonly selection: string;
  readonly ledger: string;
}

export async function runTarget(options: RunCommandOptions): Promise<RunTarget> {
  const start = resolve(options.project ?? '.');
  const folder = await findFolder(start);
  if (options.srcConn !== undefined || options.srcStream !== undefined || options.tgtConn !== undefined) {
    return { project: await singleStreamProject(folder, options), selection: '', ledger: loadLedger };
  }
  if (options.replication !== undefined) return replicationTarget(folder, options.replication, options);
  if ((await findProjectFolder(start)) === undefined) {
    throw new ConfigError(
      `there is no millrace.config.ts in ${options.project ?? 'this folder'} or above it`,
      {
        code: 'project_missing',
        next: 'Go to a project, make one (millrace init my-project), or load with: millrace run -r replication.yaml',
      },
    );
  }
  const selection = [options.selection, options.select ?? ''].filter((part) => part !== '').join(' ');
  return { project: await readProject(folder, process.env), selection, ledger: projectLedger };
}

/** The nearest project; for loads by themselves a folder with connections of its own will do. */
async function findFolder(start: string): Promise<string> {
  const ownConnections = await access(join(start, connectionsFileName)).then(
    () => true,
    () => false,
  );
  return ownConnections ? start : ((await findProjectFolder(start)) ?? start);
}

/** A replication file of the project is a part of its graph; any other one is run by itself. */
async function replicationTarget(
  folder: string,
  file: string,
  options: RunCommandOptions,
): Promise<RunTarget> {
  const path = relative(folder, resolve(file)).split(sep).join('/');
  const streams = options.streams === undefined ? [] : names(options.streams);
  if (streams.length === 0 && /^replications\/.+\.ya?ml$/.test(path) && (await findProjectFolder(folder))) {
    return {
      project: await readProject(folder, process.env),
      selection: `path:${path}`,
      ledger: projectLedger,
    };
  }
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new ConfigError(`${file} cannot be read (${error.code})`, {
      code: 'file_unreadable',
      origin: { file },
    });
  });
  const project = await replicationProject(folder, process.env, () =>
    selectStreams(readReplication(text, file, process.env, folder), streams),
  );
  return { project, selection: '', ledger: loadLedger };
}

async function singleStreamProject(folder: string, options: RunCommandOptions): Promise<Project> {
  const { srcConn, srcStream, tgtConn, tgtObject } = options;
  if (srcConn === undefined || srcStream === undefined || tgtConn === undefined || tgtObject === undefined) {
    throw new ConfigError('loading one stream needs --src-conn, --src-stream, --tgt-conn and --tgt-object', {
      code: 'flag_missing',
      next: 'millrace run --src-conn A --src-stream schema.table --tgt-conn B --tgt-object schema.table --mode full-refresh',
    });
  }
  return replicationProject(folder, process.env, () =>
    singleStreamReplication({
      sourceConnection: srcConn,
      sourceStream: srcStream,
      targetConnection: tgtConn,
      targetObject: tgtObject,
      ...(options.mode === undefined ? {} : { mode: options.mode }),
      ...(options.select === undefined ? {} : { select: names(options.select) }),
      ...(options.primaryKey === undefined ? {} : { primaryKey: names(options.primaryKey) }),
      ...(options.updateKey === undefined ? {} : { updateKey: options.updateKey }),
      ...(options.where === undefined ? {} : { where: options.where }),
    }),
  );
}

function names(list: string): readonly string[] {
  return list.split(',').map((name) => name.trim());
}

export function planOf(target: RunTarget, options: RunCommandOptions): Plan {
  return makePlan(target.project.graph, {
    select: target.selection,
    ...(options.exclude === undefined ? {} : { exclude: options.exclude }),
    manifestHash: target.project.manifest.hash,
    options: {
      fullRefresh: options.fullRefresh ?? false,
      ...(options.limit === undefined ? {} : { rowLimit: options.limit }),
    },
  });
}
