import type { SqlSession } from '../../connector/connection.ts';
import type { StepContext } from '../../core/executor.ts';
import type { JsonObject } from '../../core/json.ts';
import type { Scope } from '../expression/expression.ts';
import type { HookEnd } from '../hooks/hook-end.ts';
import { runHooks } from '../hooks/hook-run.ts';
import { keptOf } from '../hooks/hook-scope.ts';
import { runScope } from '../hooks/run-scope.ts';
import type { HookMoment } from '../replication/hook.ts';
import { streamId } from '../replication/stream-name.ts';
import type { StreamTask } from '../plan/stream-task.ts';
import { runConfig } from '../hooks/run-config.ts';
import { runTimes } from '../hooks/run-times.ts';
import { type HookLeavings, leavingsOf } from '../hooks/hook-leavings.ts';
import type { LoadFigures } from '../stream/figures.ts';

interface HookOccasion {
  readonly figures?: LoadFigures;
  readonly session?: SqlSession;
}

/** The hooks of one load. What one of them leaves under `state`, `store` and `env`, the later ones see. */
export class StreamHookRun {
  readonly #task: StreamTask;
  readonly #context: StepContext;
  #kept: Scope;
  readonly #warnings: string[] = [];
  readonly #startedAtMs: number = Date.now();

  constructor(task: StreamTask, context: StepContext) {
    this.#task = task;
    this.#context = context;
    this.#kept = { state: {}, store: task.store, env: { ...task.env } };
  }

  /** Of the hooks that ran so far. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** What they left for the hooks at the end of the file; undefined when nothing. */
  get left(): HookLeavings | undefined {
    return leavingsOf(this.#kept, this.#task.store);
  }

  /** Runs those before the load. False when one of them asks to leave the stream out. */
  async prepare(): Promise<boolean> {
    return (await this.#run('pre', {})) !== 'skip';
  }

  /** @param session the transaction that publishes, for merge hooks */
  async run(moment: Exclude<HookMoment, 'pre'>, about: HookOccasion = {}): Promise<void> {
    await this.#run(moment, about);
  }

  async #run(moment: HookMoment, about: HookOccasion): Promise<HookEnd['ending']> {
    const { stream, services, target } = this.#task;
    const hooks = stream.hooks[moment] ?? [];
    if (hooks.length === 0) return 'done';
    const { scope, ending } = await runHooks(hooks, {
      context: this.#context,
      origin: stream.origin,
      services,
      connection: target.name,
      ...(about.session ? { session: about.session } : {}),
      scope: { ...this.#scope(about.figures), ...this.#kept },
      key: `${stream.name} ${moment}`,
      ...(this.#task.memory ? { memory: this.#task.memory } : {}),
      onWarning: (message) => this.#warnings.push(message),
    });
    this.#kept = keptOf(scope);
    return ending;
  }

  #scope(figures: LoadFigures | undefined): Scope {
    const { stream, source, target, object, file } = this.#task;
    const fullName = object.schema === '' ? object.name : `${object.schema}.${object.name}`;
    const place = { name: object.name, table: object.name, schema: object.schema, full_name: fullName };
    const about = {
      ...this.#task.names,
      name: stream.name,
      id: streamId(stream),
      description: stream.description,
      ...(stream.updateKey === undefined ? {} : { update_key: stream.updateKey }),
    };
    return {
      ...runScope(this.#context, file),
      run: {
        id: this.#context.runId,
        status: figures ? 'success' : 'running',
        stream: about,
        object: place,
        config: runConfig(stream, { source: source.name, target: target.name, object: fullName }),
        ...(figures ? runFigures(figures, this.#startedAtMs) : {}),
      },
      stream: about,
      object: place,
      source: { name: source.name, type: source.type },
      target: { name: target.name, type: target.type },
    };
  }
}

/** The figures of a load that is over, and how long it took in seconds. */
function runFigures(figures: LoadFigures, startedAtMs: number): JsonObject {
  const { stream: _, ...numbers } = figures;
  const [, before = null] = figures.watermarkBefore.split(' = ');
  return {
    ...numbers,
    total_rows: figures.rowsRead,
    total_bytes: figures.bytes,
    ...runTimes(startedAtMs, Date.now()),
    incremental_value: before,
    error: null,
  };
}
