import { MillraceError, formatError } from '../../core/errors.ts';
import { formatOrigin } from '../../core/origin.ts';
import { nodeOf, type PlanStep } from '../../core/plan.ts';
import type { ProjectDefinition } from '../../project/settings/definitions.ts';
import { explainStep } from '../../project/session/explain.ts';
import { workerPools } from '../../project/reading/placement.ts';
import { openPool } from '../../project/session/session.ts';
import { tmpdir } from 'node:os';
import { exitCodes } from '../terminal/exit-code.ts';
import { formatTable, paint, printJson, printLine } from '../terminal/output.ts';
import { tellLoadWarnings } from './reading-warnings.ts';
import type { RunCommandOptions } from './run-options.ts';
import { planOf, runTarget } from './run-target.ts';

export interface PlanCommandOptions extends RunCommandOptions {
  readonly sql?: boolean;
}

/** Says what a run would do. With `sql`, reads catalogues and watermarks; nothing is ever changed. */
export async function plan(options: PlanCommandOptions): Promise<number> {
  const target = await runTarget(options);
  const { project } = target;
  const steps = await planOf(target, options);
  const pool = openPool(project, tmpdir());
  try {
    const explain = async (step: PlanStep): Promise<string> =>
      explainStep(project, step, steps.options, pool.get).catch((error: unknown) => {
        if (error instanceof MillraceError) return pool.redact(formatError(error));
        throw error;
      });
    if (options.json) {
      const explained = [];
      for (const step of steps.steps) {
        explained.push(options.sql ? { ...step, explanation: await explain(step) } : step);
      }
      printJson({ ...steps, steps: explained });
      return exitCodes.success;
    }
    tellLoadWarnings(project);
    const isPlaced = steps.steps.some((step) => placeOf(step, project.definition) !== '');
    const rows = steps.steps.map((step, index) => [
      String(index + 1),
      step.key,
      step.kind === step.type ? step.kind : `${step.kind} (${step.type})`,
      ...(isPlaced ? [placeOf(step, project.definition)] : []),
      dependencies(step, new Set(steps.steps.filter(({ kind }) => kind === 'check').map(({ key }) => key))),
      formatOrigin(project.graph.byKey.get(nodeOf(step))?.origin ?? { file: '' }),
    ]);
    printLine(formatTable(['', 'step', 'what', ...(isPlaced ? ['where'] : []), 'after', 'defined in'], rows));
    if (options.sql) {
      for (const step of steps.steps) printLine(`\n${paint('bold', step.key)}\n${await explain(step)}`);
    }
    printLine(`\n${steps.steps.length} steps. Next: millrace run ${target.selection}`.trimEnd());
    return exitCodes.success;
  } finally {
    await pool.close();
  }
}

/** Which of the machines that share the project can do a step; empty when all can. */
function placeOf({ runsOn, pool }: PlanStep, { pools }: ProjectDefinition): string {
  if (runsOn === 'owner') return 'the owner';
  return pool !== undefined && workerPools(pools).includes(pool) ? `workers for ${pool}` : '';
}

/** Names of what a step waits for; checks are counted, a long list is cut. */
function dependencies(step: PlanStep, checks: ReadonlySet<string>): string {
  const named = step.dependsOn.filter((key) => !checks.has(key));
  const checked = step.dependsOn.length - named.length;
  return [
    ...named.slice(0, 3),
    ...(named.length > 3 ? [`${named.length - 3} more`] : []),
    ...(checked > 0 ? [`${checked} ${checked === 1 ? 'check' : 'checks'}`] : []),
  ].join(', ');
}
