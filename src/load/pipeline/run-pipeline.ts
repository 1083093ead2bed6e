import { ConfigError, DataError, FatalError, toFailure } from '../../core/errors.ts';
import type { Executor, StepContext, StepOutcome } from '../../core/executor.ts';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { Scope } from '../expression/expression.ts';
import type { HookServices } from '../hooks/hook-place.ts';
import { runHook } from '../hooks/hook-run.ts';
import { keptOf, statusesOf } from '../hooks/hook-scope.ts';
import { runTimes } from '../hooks/run-times.ts';
import { runScope } from '../hooks/run-scope.ts';
import { stepMemory } from '../hooks/step-memory.ts';
import { warningsOf } from '../hooks/warnings.ts';
import type { Pipeline } from './pipeline.ts';

/** Jumps by `goto` in one run; more of them are taken for a circle without an end. */
const maxJumps = 10_000;

/** How far a pipeline is: kept after each step, and while one works, so that another attempt goes on there. */
interface Progress extends JsonObject {
  /** Place of the step to come in the list. */
  readonly next: number;
  readonly done: number;
  readonly jumps: number;
  /** What steps left under `state`, `store` and `env`. */
  readonly kept: Scope;
  /** What steps warned of. */
  readonly warnings: readonly string[];
  /** What the step that is at work keeps. */
  readonly within?: JsonObject;
  /** Message of the first failure that was put off until the end. */
  readonly deferred: string | null;
}

/** Runs the nodes that `pipelineNode` makes from the same pipelines. */
export function createPipelineExecutor(pipelines: readonly Pipeline[], services: HookServices): Executor {
  return {
    name: 'pipeline',
    execute: async (node, context) => {
      const pipeline = pipelines.find(({ file }) => file === node.spec['pipeline']);
      if (pipeline) return await runPipeline(pipeline, services, context);
      throw new ConfigError(`${node.key}: its file is no longer there`, {
        code: 'file_missing',
        origin: node.origin,
        next: 'Plan again: millrace plan',
      });
    },
  };
}

async function runPipeline(
  pipeline: Pipeline,
  services: HookServices,
  context: StepContext,
): Promise<StepOutcome> {
  let progress = progressOf(context.checkpoint) ?? {
    next: 0,
    done: 0,
    jumps: 0,
    kept: { state: {}, store: {}, env: { ...pipeline.env } },
    warnings: [],
    deferred: null,
  };
  if (progress.next > 0) context.log(`goes on with step ${progress.next + 1}`);
  while (progress.next < pipeline.steps.length) {
    context.signal.throwIfAborted();
    progress = await runStep(pipeline, progress, services, context);
    await context.saveCheckpoint(progress);
  }
  if (progress.deferred !== null) {
    throw new DataError(progress.deferred, {
      code: 'step_failed',
      origin: { file: pipeline.file },
      state: 'The steps after it were run, as its on_failure: defer says',
    });
  }
  return {
    metadata: {
      ...warningsOf(progress.warnings),
      steps: progress.done,
      statuses: statusesOf(progress.kept),
    },
  };
}

async function runStep(
  pipeline: Pipeline,
  progress: Progress,
  services: HookServices,
  context: StepContext,
): Promise<Progress> {
  const { steps, file } = pipeline;
  const step = steps[progress.next];
  if (!step) throw new Error('there is no such step');
  const about = {
    pipeline: { file },
    run: { id: context.runId, status: 'running', ...runTimes(context.runStartedAtMs, Date.now()) },
  };
  const warnings = [...progress.warnings];
  const end = await runHook(step.hook, {
    context,
    origin: step.origin,
    services,
    scope: { ...runScope(context, file), ...about, ...progress.kept },
    key: `step ${progress.next + 1}, turn ${progress.done}`,
    memory: stepMemory(progress.within, (within) => context.saveCheckpoint({ ...progress, within })),
    onWarning: (message) => warnings.push(message),
  });
  const isJump = end.didAct === true && step.next !== undefined;
  const jumps = progress.jumps + (isJump ? 1 : 0);
  if (jumps > maxJumps) throw tooManyJumps(step.hook.goto ?? '', file);
  const following = isJump && step.next !== undefined ? step.next : progress.next + 1;
  return {
    next: end.ending === 'done' ? following : steps.length,
    done: progress.done + 1,
    jumps,
    kept: keptOf(end.scope),
    warnings,
    deferred: progress.deferred ?? (end.deferred === undefined ? null : toFailure(end.deferred).message),
  };
}

/** What an older version kept has no warnings. */
function progressOf(checkpoint: JsonValue | undefined): Progress | undefined {
  if (checkpoint === undefined) return undefined;
  const kept = checkpoint as Progress;
  return Array.isArray(kept['warnings']) ? kept : { ...kept, warnings: [] };
}

function tooManyJumps(goto: string, file: string): FatalError {
  return new FatalError(`the pipeline jumped ${maxJumps} times, last to '${goto}'`, {
    code: 'goto_endless',
    origin: { file },
    next: 'Give the step with goto: an if: that becomes false',
  });
}
