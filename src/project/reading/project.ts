import type { ConnectionDeclaration } from '../connections/connections-file.ts';
import type { ProjectDefinition } from '../settings/definitions.ts';
import type { Environment } from '../../config/environment.ts';
import type { Graph } from '../../core/graph.ts';
import type { Manifest } from '../../core/manifest.ts';
import type { Pipeline, Replication } from '../../load/index.ts';
import type { Report } from '../../report/index.ts';
import type { Sync } from '../../sync/index.ts';
import type { DbtSettings, TransformProject } from '../../transform/index.ts';
import type { NodeAutomation } from '../settings/node-automation.ts';
import type { CodeElsewhere } from '../code/code-elsewhere.ts';
import type { Task } from '../code/tasks.ts';
import type { Triggers } from '../code/trigger-files.ts';

/** A user's folder, read and checked. Reading it reaches no system and writes nothing. */
export interface Project {
  /** Absolute. */
  readonly folder: string;
  readonly definition: ProjectDefinition;
  readonly environment: Environment;
  /** By name in capitals. */
  readonly connections: ReadonlyMap<string, ConnectionDeclaration>;
  /** Connection of models, reports and syncs; absent in a project that only loads. */
  readonly warehouse: ConnectionDeclaration | undefined;
  readonly graph: Graph;
  readonly manifest: Manifest;
  /** When nodes are made by themselves, and how old they may be. */
  readonly automation: NodeAutomation;
  readonly parts: ProjectParts;
  /** What calls the functions of its code; absent where that was loaded here. */
  readonly code?: CodeElsewhere | undefined;
}

/** What the rooms made of their files. */
export interface ProjectParts {
  readonly tasks: readonly Task[];
  readonly replications: readonly Replication[];
  readonly pipelines?: readonly Pipeline[];
  readonly transform: TransformProject | undefined;
  /** The dbt that builds and tests the models, where it is not Millrace. */
  readonly dbt?: DbtSettings | undefined;
  readonly reports: readonly Report[];
  readonly syncs: readonly Sync[];
  readonly triggers?: Triggers;
}

/** Where a project keeps what it remembers: the ledger, finished reports, temporary files. */
export const stateFolderName = '.millrace';

/** In there: what was read of the dbt project, for the next process. */
export const parsedModelsFile = 'models.parsed';
