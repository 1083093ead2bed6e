import { z } from 'zod';
import type { Environment } from '../../config/environment.ts';
import { readYaml, type YamlFile } from '../../config/yaml-file.ts';
import { ConfigError, MillraceError, ProjectError } from '../../core/errors.ts';
import { nearest } from '../../core/near-name.ts';
import { expandStrings } from '../replication/expand-strings.ts';
import { allHooks, commandPermission, type Hook } from '../replication/hook.ts';
import { readVariables } from '../replication/file-variables.ts';
import { readHooks } from '../replication/hook-list.ts';
import { ignoredKey, type TellWarning } from '../replication/reading-warning.ts';
import { withRoutines } from '../replication/routines.ts';
import type { Pipeline, PipelineStep } from './pipeline.ts';

const words = z.union([z.string(), z.array(z.string())]);

const pipelineSchema = z.strictObject({
  env: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
    .nullable()
    .optional(),
  steps: z.array(z.unknown()),
  meta: z
    .looseObject({
      millrace: z
        .strictObject({
          description: z.string().optional(),
          tags: words.optional(),
          after: words.optional(),
          schedule: words.optional(),
        })
        .optional(),
    })
    .optional(),
});

type PipelineYaml = z.infer<typeof pipelineSchema>;

/**
 * Reads a Sling pipeline file.
 * @param file path relative to the project folder, as messages show it
 * @throws ProjectError with every mistake and its line
 */
export function readPipeline(text: string, file: string, environment: Environment): Pipeline {
  const yaml = readYaml(text, file, pipelineSchema, (path) => path[0] !== 'meta');
  const { meta, steps } = yaml.value;
  const warnings = yaml.ignored.map((key) => ignoredKey(key, key.origin));
  const warn: TellWarning = (warning) => warnings.push(warning);
  const env = readVariables(yaml.value.env ?? {}, environment, (key) => yaml.originOf(['env', key]), warn);
  const mistakes: MillraceError[] = [];
  const hooks = steps.flatMap((_, index) => {
    try {
      const mayRunCommands = environment[commandPermission] === 'true';
      return [readStep(yaml, index, { environment: { ...environment, ...env }, mayRunCommands, warn })];
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      mistakes.push(error);
      return [];
    }
  });
  if (steps.length === 0) {
    mistakes.push(
      new ConfigError('the pipeline has no steps', {
        code: 'steps_missing',
        origin: yaml.originOfKey(['steps']),
        next: 'Name at least one under steps:, such as { type: replication, path: replications/shop.yaml }',
      }),
    );
  }
  if (mistakes.length > 0) throw new ProjectError(mistakes);
  const origin = yaml.originOf(['meta', 'millrace', 'after']);
  return {
    file,
    description: meta?.millrace?.description ?? '',
    env,
    steps: hooks.map((step) => withNext(step, hooks)),
    tags: list(meta?.millrace?.tags),
    after: list(meta?.millrace?.after).map((name) => ({ name, origin })),
    schedule: list(meta?.millrace?.schedule),
    warnings,
  };
}

interface StepReading {
  readonly environment: Environment;
  readonly mayRunCommands: boolean;
  readonly warn: TellWarning;
}

function readStep(
  yaml: YamlFile<PipelineYaml>,
  index: number,
  { environment, mayRunCommands, warn }: StepReading,
): PipelineStep {
  const path = ['steps', index];
  const origin = yaml.originOf(path);
  const expanded = expandStrings(yaml.value.steps[index], path, environment, yaml);
  const written = withRoutines(expanded, environment, origin);
  const [hook] = readHooks([written], {
    where: 'steps',
    firstIndex: index,
    origin,
    originOf: ([, ...within]) => yaml.originOf([...path, ...within]),
    mayRunCommands,
    warn,
  });
  if (!hook) throw new Error('a list of one step has one step');
  const inner = 'steps' in hook ? allHooks(hook.steps).find((one) => one.goto !== undefined) : undefined;
  if (!inner) return { hook, origin };
  throw new ConfigError(`the step of type ${inner.type} within a group has goto`, {
    code: 'hook_not_applicable',
    origin,
    next: 'goto leads from one step of the pipeline itself to another; in a group use if: and on_failure: break',
  });
}

function withNext(step: PipelineStep, steps: readonly PipelineStep[]): PipelineStep {
  const { goto } = step.hook;
  if (goto === undefined) return step;
  const next = steps.findIndex(({ hook }) => hook.id === goto);
  if (next >= 0) return { ...step, next };
  const ids = steps.flatMap(({ hook }) => idOf(hook));
  const near = nearest(goto, ids);
  throw new ProjectError([
    new ConfigError(
      `goto names the step '${goto}', which is not there${near ? `, did you mean '${near}'?` : ''}`,
      {
        code: 'step_missing',
        origin: step.origin,
        next: ids.length > 0 ? `Steps with an id: ${ids.join(', ')}` : 'Give the step an id:',
      },
    ),
  ]);
}

function idOf({ id }: Hook): readonly string[] {
  return id === undefined ? [] : [id];
}

function list(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
