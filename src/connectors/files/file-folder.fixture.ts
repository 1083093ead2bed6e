import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection, ReadRequest } from '../../connector/connection.ts';
import { filesConnector } from './index.ts';

type Options = ReadRequest['options'];

/** A folder of files, and a connection to it. */
export class FileFolder {
  readonly path: string;
  readonly temporaryPath: string;
  readonly connection: Connection;

  private constructor(path: string, temporaryPath: string, connection: Connection) {
    this.path = path;
    this.temporaryPath = temporaryPath;
    this.connection = connection;
  }

  static async open(memoryBudgetBytes: number = 5e8): Promise<FileFolder> {
    const path = mkdtempSync(join(tmpdir(), 'millrace-folder-'));
    const temporaryPath = mkdtempSync(join(tmpdir(), 'millrace-spool-'));
    const open = { name: 'LOCAL', projectFolder: path, temporaryFolder: temporaryPath, memoryBudgetBytes };
    return new FileFolder(path, temporaryPath, await filesConnector.open({}, open));
  }

  async close(): Promise<void> {
    await this.connection.close();
    rmSync(this.path, { recursive: true });
    rmSync(this.temporaryPath, { recursive: true });
  }

  put(name: string, content: string | Uint8Array): void {
    writeFileSync(join(this.path, name), content);
  }

  async typesOf(name: string, options: Options = {}): Promise<Record<string, string>> {
    const schema = await this.connection.source?.describe({ name }, options);
    return Object.fromEntries(
      (schema?.columns ?? []).map(({ name, type }) => [
        name,
        type.type === 'decimal' ? `decimal(${type.precision},${type.scale})` : type.type,
      ]),
    );
  }

  /** Rows through the column lane, by way of a JSONL file that we write ourselves. */
  async rowsOf(
    name: string,
    options: Options = {},
    signal: AbortSignal = new AbortController().signal,
  ): Promise<readonly (readonly unknown[])[]> {
    const columns = Object.keys(await this.typesOf(name, options));
    const payload = await this.connection.source?.read(
      { stream: { name }, columns, options },
      'columns',
      signal,
    );
    if (payload?.format !== 'columns') throw new Error('expected columns');
    const table = { schema: '', name: 'rows-read.jsonl' };
    await this.connection.target?.stage(
      { table, schema: payload.schema, onProgress: () => {} },
      payload,
      signal,
    );
    const text = readFileSync(join(this.path, table.name), 'utf8').trim();
    return text === '' ? [] : text.split('\n').map((line) => Object.values(JSON.parse(line) as object));
  }
}
