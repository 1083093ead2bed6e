import type { SqlSession } from '../connector/connection.ts';
import type { StepContext } from '../core/executor.ts';
import type { Scope } from './expression/expression.ts';
import type { HookMoment } from './replication/hook.ts';
import { runHooks } from './hooks/hook-run.ts';
import type { StreamTask } from './stream-task.ts';
import type { LoadFigures } from './stream/figures.ts';

/** The hooks of one load. What one of them leaves under `state` and `store`, the later ones see. */
export class StreamHookRun {
  readonly #task: StreamTask;
  readonly #context: StepContext;
  #kept: Scope = { state: {}, store: {} };

  constructor(task: StreamTask, context: StepContext) {
    this.#task = task;
    this.#context = context;
  }

  /** @param session the transaction that publishes, for merge hooks */
  async run(
    moment: HookMoment,
    about: { readonly figures?: LoadFigures; readonly session?: SqlSession } = {},
  ): Promise<void> {
    const { stream, open, target } = this.#task;
    const hooks = stream.hooks[moment] ?? [];
    if (hooks.length === 0) return;
    const { state = {}, store = {} } = await runHooks(hooks, {
      context: this.#context,
      origin: stream.origin,
      open,
      connection: target.name,
      ...(about.session ? { session: about.session } : {}),
      scope: { ...this.#scope(about.figures), ...this.#kept },
    });
    this.#kept = { state, store };
  }

  #scope(figures: LoadFigures | undefined): Scope {
    const { stream, source, target, object, env } = this.#task;
    const fullName = object.schema === '' ? object.name : `${object.schema}.${object.name}`;
    return {
      run: {
        id: this.#context.runId,
        status: figures ? 'success' : 'running',
        ...(figures ? { ...figures, total_rows: figures.rowsRead, total_bytes: figures.bytes } : {}),
      },
      stream: { name: stream.name, id: stream.id ?? stream.name, description: stream.description },
      object: { name: object.name, table: object.name, schema: object.schema, full_name: fullName },
      source: { name: source.name, type: source.type },
      target: { name: target.name, type: target.type },
      env: { ...env },
    };
  }
}
