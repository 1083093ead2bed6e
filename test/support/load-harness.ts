import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../src/connector/connection.ts';
import type { Connector } from '../../src/connector/connector.ts';
import { ConfigError } from '../../src/core/errors.ts';
import type { StepContext, StepOutcome } from '../../src/core/executor.ts';
import type { JsonObject, JsonValue } from '../../src/core/json.ts';

import type { NodeKey } from '../../src/core/node.ts';
import type { PartitionBatch, PartitionsDefinition } from '../../src/core/partitions.ts';
import type { RunOptions } from '../../src/core/plan.ts';
import {
  createLoadExecutor,
  explainLoad,
  type KnownConnection,
  readReplication,
  replicationNodes,
  type StreamPlan,
} from '../../src/load/index.ts';
import type { PartitionWindow } from '../../src/load/stream/partition-window.ts';

const roles = ['source', 'target', 'database', 'http'] as const;

export interface LoadOptions extends Partial<RunOptions> {
  readonly idempotencyKey?: string;
  /** Default: 2026-02-03 14:05:06 UTC. */
  readonly runStartedAtMs?: number;
  readonly signal?: AbortSignal;
  /** Called with each line of the log; may throw or abort. */
  readonly onLog?: (line: string) => void;
  readonly onProgress?: () => void;
  readonly environment?: Readonly<Record<string, string>>;
  /** What a step about partitions of the stream makes: days, in UTC unless `zone` says otherwise. */
  readonly window?: PartitionWindow;
  /** What the last attempt saved. */
  readonly checkpoint?: JsonValue;
  readonly onCheckpoint?: (value: JsonValue) => void;
}

/** Connections of one test file, and loads between them without an engine around. */
export class LoadHarness {
  readonly folder: string;
  readonly logged: string[] = [];
  readonly #open = new Map<string, Connection>();
  #runs = 0;

  constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<LoadHarness> {
    return new LoadHarness(await mkdtemp(join(tmpdir(), 'millrace-load-')));
  }

  async open<Config>(name: string, connector: Connector<Config>, config: Config): Promise<Connection> {
    const connection = await connector.open(config, {
      name,
      projectFolder: this.folder,
      temporaryFolder: this.folder,
      memoryBudgetBytes: 64 * 1024 * 1024,
    });
    this.#open.set(name, connection);
    return connection;
  }

  /** Puts a connection in the place of another of its name, such as one that fails on purpose. */
  replace(name: string, connection: Connection): void {
    this.#open.set(name, connection);
  }

  get = async (name: string): Promise<Connection> => {
    const found = this.#open.get(name);
    if (!found) throw new ConfigError(`no connection ${name}`, { code: 'connection_missing' });
    return found;
  };

  get connections(): readonly Connection[] {
    return [...this.#open.values()];
  }

  /** As a project knows them, by what they can do. */
  get known(): readonly KnownConnection[] {
    return this.connections.map((connection) => ({
      name: connection.name,
      type: connection.type,
      roles: roles.filter((role) => connection[role] !== undefined),
    }));
  }

  /** Runs every stream of a replication, one after another. */
  async load(yaml: string, options: LoadOptions = {}): Promise<ReadonlyMap<NodeKey, StepOutcome>> {
    const replication = readReplication(yaml, 'test.yaml', options.environment ?? {});
    const { known } = this;
    const executor = createLoadExecutor([replication], this.get, {
      connections: known,
      projectFolder: this.folder,
      environment: options.environment ?? {},
    });
    const outcomes = new Map<NodeKey, StepOutcome>();
    this.#runs += 1;
    for (const node of replicationNodes(replication, { connections: known })) {
      const key = options.idempotencyKey ?? `run ${this.#runs} ${node.key}`;
      const made = options.window ? { ...node, partitions: daysIn(options.window.zone) } : node;
      outcomes.set(node.key, await executor.execute(made, this.#context(key, options, outcomes)));
    }
    return outcomes;
  }

  /** The figures of a replication of one stream. */
  async loadOne(yaml: string, options: LoadOptions = {}): Promise<JsonObject> {
    const [outcome] = (await this.load(yaml, options)).values();
    return outcome?.metadata ?? {};
  }

  async explain(yaml: string, run: Partial<RunOptions> = {}): Promise<readonly StreamPlan[]> {
    return await explainLoad(readReplication(yaml, 'test.yaml', {}), this.get, {
      connections: this.known,
      run: { fullRefresh: false, ...run },
    });
  }

  async rows(name: string, sql: string): Promise<readonly (readonly unknown[])[]> {
    const { database } = await this.get(name);
    return (await database?.query(sql))?.rows ?? [];
  }

  async run(name: string, ...statements: readonly string[]): Promise<void> {
    const { database } = await this.get(name);
    for (const sql of statements) await database?.execute(sql);
  }

  async close(): Promise<void> {
    for (const connection of this.#open.values()) await connection.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  #context(
    idempotencyKey: string,
    options: LoadOptions,
    done: ReadonlyMap<NodeKey, StepOutcome>,
  ): StepContext {
    return {
      upstream: async () => [...done].map(([key, outcome]) => ({ key, state: 'succeeded', outcome })),
      runId: `run ${this.#runs}`,
      runStartedAtMs: options.runStartedAtMs ?? Date.UTC(2026, 1, 3, 14, 5, 6),
      attempt: 1,
      idempotencyKey,
      ...(options.window ? { partitions: batchOf(options.window) } : {}),
      options: {
        fullRefresh: options.fullRefresh ?? false,
        ...(options.rowLimit === undefined ? {} : { rowLimit: options.rowLimit }),
      },
      signal: options.signal ?? new AbortController().signal,
      log: (line) => {
        this.logged.push(line);
        options.onLog?.(line);
      },
      progress: () => options.onProgress?.(),
      checkpoint: options.checkpoint,
      saveCheckpoint: async (value) => options.onCheckpoint?.(value),
    };
  }
}

function daysIn(zone: string): PartitionsDefinition {
  return { dimensions: [{ kind: 'time', name: 'time', every: 'day', zone, start: '2020-01-01' }] };
}

function batchOf({ startMs, endMs }: PartitionWindow): PartitionBatch {
  const key = new Date(startMs).toISOString();
  const values = [{ key, dimensions: { time: { key, startMs, endMs } } }];
  return { text: key, count: 1, ranges: [], values: () => values };
}
