import type { GraphNode } from '../core/node.ts';
import { clockReadings } from './context/clock.ts';
import { graphNodes } from './graph-nodes.ts';
import { inputPrint, wholePrint } from './keeping/input-print.ts';
import { type KeptContent, type ProjectContent, readKept, writeKept } from './keeping/kept-content.ts';
import { watchEnvironment } from './keeping/watched-environment.ts';
import { type ProjectFrame, readFrame } from './reading/frame-reader.ts';
import type { Manifest } from './reading/manifest.ts';
import { manifestOf, readNodes } from './reading/manifest-reader.ts';
import type { OpeningStatement, TransformOptions } from './reading/transform-options.ts';

/** A dbt project, read and checked; nothing of it has touched the warehouse. */
export interface TransformProject {
  readonly name: string;
  /** Absolute folder that holds `dbt_project.yml`. */
  readonly folder: string;
  /** Name of the warehouse connection. */
  readonly connection: string;
  readonly dialectName: 'duckdb' | 'postgres';
  /** Sources, models, seeds, tests and exposures. */
  readonly nodes: readonly GraphNode[];
  readonly manifest: Manifest;
  /** What opens the warehouse. */
  readonly openingStatements: readonly OpeningStatement[];
}

/** What this process read last. */
let lastRead: KeptContent | undefined;

/**
 * Reads the dbt project in `options.folder`. Throws one ProjectError that names everything that is wrong. What follows from the same
 * files, options and environment as before, in this process or an earlier one, is not worked out again.
 */
export async function readTransformProject(options: TransformOptions): Promise<TransformProject> {
  const { environment, folder, cacheFile } = options;
  const readingsBefore = clockReadings();
  const watched = watchEnvironment(environment);
  const frame = await readFrame({ ...options, environment: watched.environment });
  const inputs = inputPrint(frame, options);
  const known = frame.mistakes.issues.length === 0 ? knownContent(options, inputs) : undefined;
  const content = known?.content ?? makeContent(frame, options.connection);
  if (!known && clockReadings() === readingsBefore) {
    const names = watched.names();
    const kept = { print: wholePrint(inputs, names, environment), names, content };
    lastRead = kept;
    // Who asked for the project does not wait for it.
    if (cacheFile !== undefined) setImmediate(() => writeKept(cacheFile, kept));
  }
  const manifest = manifestOf(frame, content.manifest);
  return {
    name: manifest.projectName,
    folder,
    connection: options.connection,
    dialectName: options.dialectName,
    nodes: content.graph,
    manifest,
    openingStatements: options.openingStatements ?? [],
  };
}

function makeContent(frame: ProjectFrame, connection: string): ProjectContent {
  const manifest = readNodes(frame);
  return { manifest, graph: graphNodes(manifestOf(frame, manifest), connection) };
}

function knownContent({ environment, cacheFile }: TransformOptions, inputs: string): KeptContent | undefined {
  if (lastRead && wholePrint(inputs, lastRead.names, environment) === lastRead.print) return lastRead;
  const kept = cacheFile === undefined ? undefined : readKept(cacheFile, inputs, environment);
  if (kept) lastRead = kept;
  return kept;
}
