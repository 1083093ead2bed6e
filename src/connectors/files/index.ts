import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Connector, defineConnector } from '../../connector/connector.ts';
import { ConfigError } from '../../core/errors.ts';
import { type FilesConfig, filesConfig, parseFileUrl } from './config.ts';
import { pathOfUrl } from './disk/file-paths.ts';
import { fileEngine } from './engine/engine.ts';
import { filesSource } from './source.ts';
import { fileSpool } from './disk/spool.ts';
import { filesTarget } from './target.ts';

/** Files on this machine: CSV, JSONL, JSON and Parquet, read and written by DuckDB; Excel, XML and Avro are read. */
export const filesConnector: Connector<FilesConfig> = defineConnector({
  type: 'file',
  aliases: ['local'],
  config: filesConfig,
  secretKeys: [],
  parseUrl: parseFileUrl,
  open: async (config, { name, projectFolder, temporaryFolder, memoryBudgetBytes }) => {
    const folder = resolve(
      projectFolder,
      config.path ?? (config.url === undefined ? '.' : pathOfUrl(config.url)),
    );
    const engine = fileEngine(temporaryFolder, memoryBudgetBytes);
    const spool = fileSpool(temporaryFolder);
    return {
      name,
      type: 'file',
      folder,
      source: filesSource(folder, engine, spool),
      target: filesTarget(folder, engine, spool),
      check: async () => {
        await access(folder).catch(() => {
          throw new ConfigError(`Connection ${name}: there is no folder ${folder}.`, {
            code: 'folder_missing',
            next: `Correct the path of ${name} in connections.yaml.`,
          });
        });
        return `folder ${folder}`;
      },
      close: async () => engine.close(),
    };
  },
});
