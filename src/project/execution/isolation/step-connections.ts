import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../../../config/environment.ts';
import type { Connection } from '../../../connector/connection.ts';
import { readConfigFile } from '../../settings/config-file.ts';
import { ConnectionPool } from '../../connections/connection-pool.ts';
import { readConnections } from '../../connections/connection-sources.ts';
import { setOwnConnectors } from '../../connections/connector-registry.ts';
import { memoryBudget } from '../../settings/memory-budget.ts';
import { readOwnConnectors } from '../../connections/own-connectors.ts';
import { stateFolderName } from '../../reading/project.ts';

/** The connections of a step that works in a process of its own. */
export interface StepConnections {
  get(name: string): Promise<Connection>;
  redact(text: string): string;
  close(): Promise<void>;
}

export async function openStepConnections(
  projectFolder: string,
  environment: Environment,
): Promise<StepConnections> {
  setOwnConnectors(projectFolder, await readOwnConnectors(projectFolder));
  const { connections } = await readConfigFile(projectFolder);
  const declared = await readConnections(projectFolder, environment, connections);
  const stateFolder = join(projectFolder, stateFolderName);
  await mkdir(stateFolder, { recursive: true });
  const temporaryFolder = await mkdtemp(join(stateFolder, `tmp-${process.pid}-`));
  const pool = new ConnectionPool(declared, {
    projectFolder,
    environment,
    temporaryFolder,
    ...memoryBudget(environment),
  });
  return {
    get: pool.get,
    redact: pool.redact,
    close: async () => {
      await pool.close();
      await rm(temporaryFolder, { recursive: true, force: true });
    },
  };
}
