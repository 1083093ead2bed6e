import type { GraphNode } from '../core/node.ts';
import { graphNodes } from './graph-nodes.ts';
import type { Manifest } from './reading/manifest.ts';
import { readFrame } from './reading/frame-reader.ts';
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

/** Reads the dbt project in `options.folder`. Throws one ProjectError that names everything that is wrong. */
export async function readTransformProject(options: TransformOptions): Promise<TransformProject> {
  const frame = await readFrame(options);
  const manifest = manifestOf(frame, readNodes(frame));
  return {
    name: manifest.projectName,
    folder: options.folder,
    connection: options.connection,
    dialectName: options.dialectName,
    nodes: graphNodes(manifest, options.connection),
    manifest,
    openingStatements: options.openingStatements ?? [],
  };
}
